"""The dashboard: the validation period, what is owed, what the last check found, and outages.

The page is shown whatever AWS does: a store that does not answer within the budget is shown as
silent.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from mirror.conf import setting
from mirror.documents.registry import labels
from mirror.models import CheckRequest, CheckRun, LedgerEntry
from mirror.search import searchable
from mirror.staff.access import staff_page
from mirror.staff.chart import draw
from mirror.staff.page import page
from mirror.verify.report import Figures
from mirror.verify.verdict import current_verdict

MAX_LISTED = 25  # parked entries, and findings, on the dashboard


@staff_page
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the verdict, and what needs attention."""
    judgement = current_verdict()
    facts, backlog = judgement.facts, judgement.facts.backlog
    run = CheckRun.objects.first()
    parked = LedgerEntry.objects.registered().parked().order_by("parked_at", "pk")
    context = {
        "title": "Mirror",
        "verdict": judgement,
        "chart": draw(judgement.days),
        "backlog": backlog,
        "parked": [_parked_row(entry) for entry in parked[:MAX_LISTED]],
        "workers": facts.workers,
        "outages": facts.outages,
        "stores": facts.stores,
        "run": run,
        "run_age": run and timezone.now() - run.started_at,
        "run_day": run and timezone.localdate(run.started_at),
        "asked": CheckRequest.objects.order_by("-pk").first(),
        "figures": Figures.of(run) if run else None,
        "findings": run.findings[:MAX_LISTED] if run else [],
        "labels": labels(),
        "enabled": facts.enabled,
        "can_search": bool(searchable()),
        "dispatch": setting("DISPATCH"),
        "app_list": admin.site.get_app_list(request, "mirror"),
    }
    return page(request, "dashboard", context)


def _parked_row(entry: LedgerEntry) -> dict[str, Any]:
    return {"entry": entry, "comparable": entry.model in labels()}


@staff_page
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Make parked entries due again: the chosen ones, or all."""
    entries = LedgerEntry.objects.registered().parked()
    if "all" not in request.POST:
        chosen = [pk for pk in request.POST.getlist("entry") if pk.isdecimal()]
        entries = entries.filter(pk__in=chosen)
    count = entries.retry()
    level = messages.SUCCESS if count else messages.WARNING
    message = ngettext(
        "%(count)d entry is due now; the worker mirrors it.",
        "%(count)d entries are due now; the worker mirrors them.",
        count,
    )
    messages.add_message(request, level, message % {"count": count})
    return redirect("mirror:dashboard")
