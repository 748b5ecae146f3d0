"""*Check now*: a page asks, the worker checks, and a page shows how far it is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mirror.conf import setting
from mirror.models import CheckRequest, Heartbeat
from mirror.staff import words
from mirror.staff.access import staff_page
from mirror.staff.page import page

REFRESH = 5  # seconds


@staff_page
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask the worker for a check, unless one is under way already."""
    if not setting("ENABLED") or not Heartbeat.objects.workers().alive:
        messages.error(
            request,
            "No worker is alive, so nobody would run the check. Start manage.py mirror_sync "
            "--watch, or run manage.py mirror_check yourself.",
        )
        return redirect("mirror:dashboard")
    asked, is_new = CheckRequest.objects.ask(deep="deep" in request.POST)
    if not is_new:
        messages.info(request, "A check is under way already: this one.")
    return redirect("mirror:check", asked.pk)


@staff_page
@require_safe
def progress(request: HttpRequest, number: int) -> HttpResponse:
    """Show how far a check is, or what came of it. Loads itself again until it is done."""
    asked = get_object_or_404(CheckRequest.objects.select_related("run"), pk=number)
    context: dict[str, Any] = {
        "title": "Check now",
        "asked": asked,
        "percent_done": _percent_done(asked),
        "workers": Heartbeat.objects.workers(),
        "refresh": 0 if asked.done or "still" in request.GET else REFRESH,
    }
    if asked.run:
        context["sentences"] = words.sentences(asked.run)
        context["run_day"] = timezone.localdate(asked.run.started_at)
    return page(request, "check", context)


def _percent_done(asked: CheckRequest) -> int:
    """Return about how much is compared. Rows come and go meanwhile, so it may be more."""
    return min(100 * asked.compared // asked.total, 99) if asked.total else 0
