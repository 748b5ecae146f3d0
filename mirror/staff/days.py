"""The page of one day: its checks, what they found, and what became of that."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from mirror.models import CheckRun
from mirror.staff import words
from mirror.staff.access import staff_page
from mirror.staff.found import merged
from mirror.staff.page import page
from mirror.staff.since import Since
from mirror.verify.verdict import judge_day

FIRST_DAY = date(2000, 1, 1)  # no mirror is older
MOST_RUNS = 50  # of a day, on its page
A_PAGE = 50  # findings


@staff_page
@require_safe
def day(request: HttpRequest, text: str) -> HttpResponse:
    """Show what was checked on a day, and what was found."""
    shown = _day_or_404(text)
    start = timezone.make_aware(datetime.combine(shown, time.min))
    end = timezone.make_aware(datetime.combine(shown + timedelta(days=1), time.min))
    runs = list(CheckRun.objects.filter(started_at__gte=start, started_at__lt=end)[: MOST_RUNS + 1])
    complete = CheckRun.objects.filter(complete=True, started_at__gte=start, started_at__lt=end)
    findings = Paginator(merged(runs[:MOST_RUNS]), A_PAGE).get_page(request.GET.get("page"))
    since = Since(request, start, list(findings))
    context = {
        "title": "Checks of a day",
        "day": judge_day(shown, complete.defer("findings", "repaired")),
        "runs": [{"run": run, "sentences": words.sentences(run)} for run in runs[:MOST_RUNS]],
        "more": len(runs) > MOST_RUNS,
        "cut": any(
            run.differences > len(run.findings) or run.repaired_count > len(run.repaired)
            for run in runs[:MOST_RUNS]
        ),
        "all_compared": any(run.complete and not run.pending for run in runs),
        "findings": findings,
        "rows": [{"found": found, "since": since.of(found)} for found in findings],
        "latest": since.latest,
        "previous": shown - timedelta(days=1),
        "next": shown + timedelta(days=1) if shown < timezone.localdate() else None,
    }
    return page(request, "day", context)


def _day_or_404(text: str) -> date:
    try:
        shown = date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if text != shown.isoformat() or not FIRST_DAY <= shown <= timezone.localdate():
        raise Http404
    return shown
