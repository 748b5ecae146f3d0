"""The staff's pages: the dashboard of the validation period, and one object compared.

Every page answers whatever AWS does: what does not answer within the budget is said to be silent.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mirror.conf import setting
from mirror.documents.items import ItemKey
from mirror.documents.registry import labels
from mirror.errors import StoreError
from mirror.models import CheckRun, LedgerEntry, Outage
from mirror.staff.access import staff_page
from mirror.staff.chart import draw
from mirror.staff.page import page
from mirror.stores.clients import inline_clients
from mirror.stores.dynamodb import DYNAMODB
from mirror.stores.s3 import S3
from mirror.sync.budget import INLINE_SECONDS, Budget, BudgetSpent
from mirror.verify.history import verdict

LISTED = 25  # parked entries, and findings, on the dashboard


@staff_page
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show how far the validation is, and what needs a person."""
    judged = verdict()
    run = CheckRun.objects.first()
    parked = LedgerEntry.objects.registered().parked().order_by("parked_at", "pk")
    context = {
        "title": "Mirror",
        "verdict": judged,
        "chart": draw(judged.days),
        "backlog": LedgerEntry.objects.registered().backlog(),
        "parked": [_linked(entry) for entry in parked[:LISTED]],
        "outages": Outage.objects.open().order_by("store"),
        "stores": _stores(),
        "run": run,
        "findings": run.findings[:LISTED] if run else [],
        "labels": labels(),
        "enabled": setting("ENABLED"),
        "dispatch": setting("DISPATCH"),
        "app_list": admin.site.get_app_list(request, "mirror"),
    }
    return page(request, "dashboard", context)


def _linked(entry: LedgerEntry) -> dict[str, Any]:
    return {"entry": entry, "comparable": entry.model in labels()}


def _stores() -> dict[str, str]:
    """Ask both stores for next to nothing; return why each does not answer, or nothing."""
    if not setting("ENABLED"):
        return {}
    budget = Budget(INLINE_SECONDS)
    stores = inline_clients()
    calls = {
        DYNAMODB: lambda: stores.items.get_many([ItemKey("ping", "ping")]),
        S3: lambda: next(iter(stores.objects.list("ping/")), None),
    }
    found = {}
    for store, call in calls.items():
        try:
            budget.run(store, call)
            found[store] = ""
        except StoreError as error:
            found[store] = error.failure.code or error.failure.error_class
        except BudgetSpent:
            found[store] = "no time left to ask"
    return found


@staff_page
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Make parked entries due again: those chosen, or all."""
    entries = LedgerEntry.objects.registered().parked()
    if "all" not in request.POST:
        chosen = [pk for pk in request.POST.getlist("entry") if pk.isdecimal()]
        entries = entries.filter(pk__in=chosen)
    count = entries.retry()
    level = messages.SUCCESS if count else messages.WARNING
    plural = "entry is" if count == 1 else "entries are"
    messages.add_message(request, level, f"{count} {plural} due now; the worker mirrors them.")
    return redirect("mirror:dashboard")
