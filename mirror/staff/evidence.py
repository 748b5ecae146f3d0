"""The evidence of the validation period: a file with every check, and a page to sign."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, time
from itertools import chain
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from mirror import __version__
from mirror.models import CheckRun, Outage
from mirror.staff.access import staff_page
from mirror.staff.page import page
from mirror.verify.findings import KINDS
from mirror.verify.report import Figures
from mirror.verify.verdict import current_verdict

PORTION = 500  # runs that are read together
MOST_OUTAGES = 20  # on the page

COLUMNS = (
    "Started (UTC)",
    "Duration in seconds",
    "Everything compared",
    "Every object read",
    "Machines",
    "Rows",
    "Orphans",
    "In sync",
    "Pending",
    "Differing",
    "Parked",
    "In sync, percent of rows and orphans",
    "Findings that a repair was tried on",
    *(f"Findings: {kind}" for kind in KINDS),
    "Read units",
)


class _Line:
    """A file that hands each line back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


@staff_page
@require_safe
def history(request: HttpRequest) -> StreamingHttpResponse:
    """Send every check as CSV, the oldest first."""
    writer = csv.writer(_Line())
    lines = map(writer.writerow, chain([COLUMNS], map(_values, _runs())))
    name = f"mirror-checks-{timezone.localdate().isoformat()}.csv"
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _runs() -> Iterator[CheckRun]:
    """Yield all runs without their findings, in portions: a cursor would need a transaction."""
    last = 0
    while portion := list(
        CheckRun.objects.filter(pk__gt=last).defer("findings", "repaired").order_by("pk")[:PORTION]
    ):
        yield from portion
        last = portion[-1].pk


def _values(run: CheckRun) -> tuple[Any, ...]:
    figures = Figures.of(run)
    return (
        run.started_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        round(run.seconds, 1),
        "yes" if run.complete else "no, a sample",
        "yes" if run.deep else "no",
        run.shares,
        run.expected,
        figures.orphans,
        run.in_sync,
        run.pending,
        figures.differing,
        run.parked,
        f"{run.parity_percent.normalize():f}",  # 100, not 1E+2
        run.repaired_count,
        *(run.counts.get(kind, 0) for kind in KINDS),
        "" if run.read_units is None else run.read_units,
    )


@staff_page
@require_safe
def evidence(request: HttpRequest) -> HttpResponse:
    """Show the validation period on a page to print and to sign."""
    judgement = current_verdict()
    first = judgement.days[0].date
    begin = timezone.make_aware(datetime.combine(first, time.min))
    outages = _outages(begin)
    context = {
        "title": "Validation of the mirror",
        "verdict": judgement,
        "first": first,
        "last": judgement.days[-1].date,
        "checks": _checks(begin),
        "outages": outages[:MOST_OUTAGES],
        "more_outages": len(outages) > MOST_OUTAGES,
        "now": timezone.now(),
        "version": __version__,
        "roles": ("Operations", "Owner"),
    }
    return page(request, "evidence", context)


def _outages(begin: datetime) -> list[Outage]:
    """Return the newest outages of the period, one more than the page shows."""
    newest = Outage.objects.order_by("-pk")[: MOST_OUTAGES + 1]
    return [outage for outage in newest if outage.ended_at is None or outage.ended_at >= begin]


def _checks(begin: datetime) -> dict[str, int]:
    """Count the checks of the period."""
    return CheckRun.objects.filter(started_at__gte=begin).aggregate(
        all_complete=Count("pk", filter=Q(complete=True)),
        all_deep=Count("pk", filter=Q(complete=True, deep=True)),
        samples=Count("pk", filter=Q(complete=False)),
        all_repaired=Sum("repaired_count", default=0),
    )
