"""The staff's pages: the dashboard of the validation period, and one object compared.

Every page answers whatever AWS does: what does not answer within the budget is said to be silent.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST, require_safe

from mirror.access import require_view, staff_page
from mirror.budget import Budget, BudgetSpent
from mirror.chart import draw
from mirror.compare import Comparer
from mirror.conf import setting
from mirror.documents import Document
from mirror.drain import ours
from mirror.engine import Outcome
from mirror.errors import SinkError
from mirror.examine import rows
from mirror.handoff import INLINE_SECONDS
from mirror.history import verdict
from mirror.models import CheckRun, ItemKey, LedgerEntry, Outage
from mirror.now import mirror_now
from mirror.registry import document_for, labels
from mirror.sinks import DYNAMODB, S3, inline_sinks

LISTED = 25  # parked entries, and findings, on the dashboard

SAID = {
    Outcome.MIRRORED: (messages.SUCCESS, "Mirrored just now."),
    Outcome.LEFT: (messages.WARNING, "Pending: the worker will do it."),
    Outcome.FAILED: (messages.WARNING, "The attempt failed. Pending: the worker will do it."),
    Outcome.PARKED: (messages.ERROR, "Parked: the object cannot be mirrored as it is."),
}


@staff_page
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show how far the validation is, and what needs a person."""
    judged = verdict()
    run = CheckRun.objects.first()
    parked = ours().parked().order_by("parked_at", "pk")
    context = {
        "title": "Mirror",
        "verdict": judged,
        "chart": draw(judged.days),
        "backlog": ours().backlog(),
        "parked": [_linked(entry) for entry in parked[:LISTED]],
        "outages": Outage.objects.open().order_by("sink"),
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
    sinks = inline_sinks()
    calls = {
        DYNAMODB: lambda: sinks.items.get_many([ItemKey("ping", "ping")]),
        S3: lambda: next(iter(sinks.objects.list("ping/")), None),
    }
    found = {}
    for store, call in calls.items():
        try:
            budget.run(store, call)
            found[store] = ""
        except SinkError as error:
            found[store] = error.failure.code or error.failure.error_class
        except BudgetSpent:
            found[store] = "no time left to ask"
    return found


@staff_page
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Make parked entries due again: those chosen, or all."""
    entries = ours().parked()
    if "all" not in request.POST:
        chosen = [pk for pk in request.POST.getlist("entry") if pk.isdecimal()]
        entries = entries.filter(pk__in=chosen)
    count = entries.retry()
    level = messages.SUCCESS if count else messages.WARNING
    plural = "entry is" if count == 1 else "entries are"
    messages.add_message(request, level, f"{count} {plural} due now; the worker mirrors them.")
    return redirect("mirror:dashboard")


@staff_page
@require_safe
def compare(request: HttpRequest, label: str, object_id: str) -> HttpResponse:
    """Show one object as PostgreSQL, DynamoDB and S3 have it."""
    document = _document(label, object_id)
    require_view(request, document.mirror_options.model, None)
    _require_mirror()
    found = Comparer(document, object_id, inline_sinks(), Budget(INLINE_SECONDS)).run()
    if found.row is None and found.entry is None:
        raise Http404
    require_view(request, document.mirror_options.model, found.row)
    context = {
        "title": f"Compare {document.mirror_options.model._meta.verbose_name}",
        "found": found,
        "label": label,
        "opts": document.mirror_options.model._meta,
        "outages": Outage.objects.open().order_by("sink"),
    }
    return page(request, "compare", context)


@transaction.non_atomic_requests  # AWS is asked: no row stays locked meanwhile
@staff_page
@require_POST
def now(request: HttpRequest, label: str, object_id: str) -> HttpResponse:
    """Mirror one object now, if the stores answer in time."""
    document = _document(label, object_id)
    row = rows(document, [object_id]).first()
    if row is not None and str(row.pk) != object_id:  # the ledger knows one spelling of an id
        raise Http404
    require_view(request, document.mirror_options.model, row)
    _require_mirror()
    known = LedgerEntry.objects.filter(model=label, object_id=object_id)
    if row is None and not known.exists():
        raise Http404
    outcome = mirror_now(label, object_id, inline_sinks(), Budget(INLINE_SECONDS))
    level, sentence = SAID[outcome]
    messages.add_message(request, level, sentence)
    return redirect("mirror:compare", label, object_id)


def _document(label: str, object_id: str) -> type[Document]:
    if "\0" in object_id:  # which PostgreSQL refuses to look for
        raise Http404
    try:
        return document_for(label)
    except KeyError:
        raise Http404 from None


def _require_mirror() -> None:
    if not setting("ENABLED"):
        raise Http404("The mirror is switched off.")


def page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """Render one of the mirror's pages in the admin's frame."""
    whole = {**admin.site.each_context(request), **context}
    return TemplateResponse(request, f"admin/mirror/{name}.html", whole)
