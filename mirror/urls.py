"""The pages for staff. Include them as ``admin/mirror/``, before the admin's own URLs."""

from django.urls import path

from mirror.staff import compare_page, dashboard, search_page

app_name = "mirror"
urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("retry/", dashboard.retry, name="retry"),
    path("search/", search_page.search_page, name="search"),
    path("compare/<str:label>/<path:object_id>/now/", compare_page.mirror_row, name="now"),
    path("compare/<str:label>/<path:object_id>/", compare_page.compare, name="compare"),
]
