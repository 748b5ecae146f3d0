"""Addresses of sessions, their transcripts, search and shared recaps."""

from django.urls import path

from sessions_app.views import exporting, searching, sessions, sharing, transcripts

urlpatterns = [
    path("sessions/new/", sessions.new, name="session-new"),
    path("sessions/<uuid:pk>/", sessions.show, name="session"),
    path("sessions/<uuid:pk>/edit/", sessions.edit, name="session-edit"),
    path("sessions/<uuid:pk>/delete/", sessions.delete, name="session-delete"),
    path("sessions/<uuid:pk>/share/", sharing.share, name="session-share"),
    path("sessions/<uuid:pk>/unshare/", sharing.unshare, name="session-unshare"),
    path("sessions/<uuid:pk>/transcript/", transcripts.show, name="transcript"),
    path("sessions/<uuid:pk>/transcript/edit/", transcripts.edit, name="transcript-edit"),
    path("sessions/<uuid:pk>/transcript/delete/", transcripts.delete, name="transcript-delete"),
    path("sessions/<uuid:pk>/transcript/speakers/", transcripts.speakers, name="speakers"),
    path("sessions/<uuid:pk>/export/", exporting.session, name="session-export"),
    path("campaigns/<uuid:pk>/export/", exporting.campaign, name="campaign-export"),
    path("search/", searching.search, name="search"),
    path("share/<slug:token>/", sharing.shared, name="shared"),
]
