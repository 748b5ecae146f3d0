"""The pages for staff. Include them as ``admin/mirror/``, before the admin's own URLs."""

from django.urls import path, register_converter

from mirror.staff import (
    check_pages,
    compare_page,
    dashboard,
    days,
    evidence,
    runbook_page,
    search_page,
)
from mirror.staff.row_ids import RowIdConverter

register_converter(RowIdConverter, "mirror_row")

app_name = "mirror"
urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("retry/", dashboard.retry, name="retry"),
    path("days/<str:text>/", days.day, name="day"),
    path("check/", check_pages.ask, name="ask"),
    path("check/<int:number>/", check_pages.progress, name="check"),
    path("history.csv", evidence.history, name="history"),
    path("evidence/", evidence.evidence, name="evidence"),
    path("runbook/", runbook_page.runbook, name="runbook"),
    path("search/", search_page.search_page, name="search"),
    path("compare/<str:label>/<mirror_row:object_id>/now/", compare_page.mirror_row, name="now"),
    path("compare/<str:label>/<mirror_row:object_id>/", compare_page.compare, name="compare"),
]
