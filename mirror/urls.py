"""The mirror's pages. Include them as ``admin/mirror/``, before the admin's own addresses."""

from django.urls import path

from mirror import search_page, views

app_name = "mirror"
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("retry/", views.retry, name="retry"),
    path("search/", search_page.search_page, name="search"),
    path("compare/<str:label>/<path:object_id>/now/", views.now, name="now"),
    path("compare/<str:label>/<path:object_id>/", views.compare, name="compare"),
]
