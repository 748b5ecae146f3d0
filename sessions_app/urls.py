"""URLs of the dashboard, campaigns, sessions, transcripts, search and shared recaps."""

from django.urls import path

from sessions_app.views import (
    campaign,
    dashboard,
    downloads,
    highlights,
    imports,
    players,
    search_page,
    sessions,
    sharing,
    transcript_pages,
    turn_page,
)

urlpatterns = [
    path("", dashboard.show, name="dashboard"),
    path("campaigns/<uuid:pk>/", campaign.show, name="campaign"),
    path("campaigns/<uuid:pk>/highlights/", campaign.show_highlights, name="campaign-highlights"),
    path("campaigns/<uuid:pk>/share/", sharing.share_campaign, name="campaign-share"),
    path("campaigns/<uuid:pk>/unshare/", sharing.unshare_campaign, name="campaign-unshare"),
    path("sessions/new/", sessions.new, name="session-new"),
    path("sessions/import/", imports.files, name="session-import"),
    path("sessions/import/dates/", imports.dates, name="import-dates"),
    path("sessions/<uuid:pk>/", sessions.show, name="session"),
    path("sessions/<uuid:pk>/edit/", sessions.edit, name="session-edit"),
    path("sessions/<uuid:pk>/delete/", sessions.delete, name="session-delete"),
    path("sessions/<uuid:pk>/share/", sharing.share, name="session-share"),
    path("sessions/<uuid:pk>/unshare/", sharing.unshare, name="session-unshare"),
    path("sessions/<uuid:pk>/transcript/", transcript_pages.show, name="transcript"),
    path("sessions/<uuid:pk>/transcript/edit/", transcript_pages.edit, name="transcript-edit"),
    path(
        "sessions/<uuid:pk>/transcript/delete/", transcript_pages.delete, name="transcript-delete"
    ),
    path("sessions/<uuid:pk>/transcript/speakers/", transcript_pages.speakers, name="speakers"),
    path("sessions/<uuid:pk>/transcript/turns/<int:number>/", turn_page.edit, name="turn"),
    path(
        "sessions/<uuid:pk>/transcript/turns/<int:number>/highlight/",
        turn_page.highlight,
        name="highlight-new",
    ),
    path("sessions/<uuid:pk>/highlights/<uuid:key>/recap/", highlights.add, name="highlight-recap"),
    path(
        "sessions/<uuid:pk>/highlights/<uuid:key>/delete/",
        highlights.delete,
        name="highlight-delete",
    ),
    path("sessions/<uuid:pk>/export/", downloads.session, name="session-export"),
    path("campaigns/<uuid:pk>/export/", downloads.campaign, name="campaign-export"),
    path("export/", downloads.everything, name="export-everything"),
    path("search/", search_page.show, name="search"),
    path("share/<slug:token>/", players.recap, name="shared"),
    path("share/campaign/<slug:token>/", players.campaign, name="shared-campaign"),
    path("share/campaign/<slug:token>/<uuid:pk>/", players.campaign_recap, name="shared-recap"),
]
