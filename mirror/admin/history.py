"""The history in the admin: outages and checks, in words."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localdate

from mirror.admin.tables import ReadOnlyAdmin
from mirror.formats import day, duration, moment, percent
from mirror.models import CheckRun, Outage
from mirror.staff import words
from mirror.verify.findings import by_kind


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    """The history of outages."""

    list_display = ["store", "began", "lasted", "waiting_then", "caught_up", "reason"]
    ordering = ["-started_at"]
    sortable_by = ()
    fields = ["store", "began", "lasted", "waiting_then", "caught_up", "reason"]

    @admin.display(description="began")
    def began(self, outage: Outage) -> str:
        """Return when."""
        return moment(outage.started_at)

    @admin.display(description="lasted")
    def lasted(self, outage: Outage) -> str:
        """Return how long."""
        return words.lasted(outage) or "not over"

    @admin.display(description="waiting at its end")
    def waiting_then(self, outage: Outage) -> str:
        """Return how many changes were pending."""
        return words.waiting(outage) or "not counted"

    @admin.display(description="equal again after")
    def caught_up(self, outage: Outage) -> str:
        """Return how long it took to mirror them."""
        return words.caught_up(outage) or "–"

    @admin.display(description="reason")
    def reason(self, outage: Outage) -> str:
        """Return what the store's last answer was."""
        return f"{outage.error_class} {outage.error_code}".strip()


@admin.register(CheckRun)
class CheckRunAdmin(ReadOnlyAdmin):
    """The history of checks, in words."""

    list_display = ["began", "parity", "scope", "found", "took"]
    list_filter = ["complete", "deep", "started_at"]
    sortable_by = ()
    fields = ["began", "in_words", "differences", "repaired_before", "the_day"]

    @admin.display(description="began")
    def began(self, run: CheckRun) -> str:
        """Return when."""
        return moment(run.started_at)

    @admin.display(description="in sync")
    def parity(self, run: CheckRun) -> str:
        """Return the percentage as all pages show it."""
        return percent(run.parity_percent)

    @admin.display(description="compared")
    def scope(self, run: CheckRun) -> str:
        """Return what was compared."""
        return words.scope(run)

    @admin.display(description="found")
    def found(self, run: CheckRun) -> str:
        """Return the kinds of differences."""
        return by_kind(run.counts) or words.nothing_found(run)

    @admin.display(description="took")
    def took(self, run: CheckRun) -> str:
        """Return how long."""
        return duration(run.seconds)

    @admin.display(description="result")
    def in_words(self, run: CheckRun) -> str:
        """Return the run in words."""
        return " ".join(words.sentences(run))

    @admin.display(description="differences")
    def differences(self, run: CheckRun) -> str:
        """Return the differences, those that are kept, a line each."""
        return _lines(run.findings) or "none"

    @admin.display(description="repair tried on")
    def repaired_before(self, run: CheckRun) -> str:
        """Return what a first comparison found and a repair was tried on, a line each."""
        return _lines(run.repaired) or "none"

    @admin.display(description="what became of it")
    def the_day(self, run: CheckRun) -> str:
        """Link the page of the day."""
        began = localdate(run.started_at)
        address = reverse("mirror:day", args=[began.isoformat()])
        return format_html('<a href="{}">The checks of {}</a>', address, day(began))

    def get_queryset(self, request: HttpRequest) -> QuerySet[CheckRun]:
        """Do not load the findings for the list."""
        runs: QuerySet[CheckRun] = super().get_queryset(request)
        page = request.resolver_match
        is_list = page is not None and (page.url_name or "").endswith("_changelist")
        return runs.defer("findings", "repaired") if is_list else runs


def _lines(findings: list[dict[str, Any]]) -> str:
    """Return findings as lines of a page."""
    lines = (
        (f["kind"], f["model"], f["object_id"], f["key"], ", ".join(f["attributes"]))
        for f in findings
    )
    return format_html_join("", "{} {} {}<br><small>{} {}</small><br>", lines)
