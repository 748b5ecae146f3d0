"""The pages *Compare*, which shows one row in all three stores, and *Mirror now*."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mirror.conf import setting
from mirror.documents.document import Document
from mirror.documents.registry import document_for
from mirror.documents.unreadable import read_rows
from mirror.models import LedgerEntry, Outage
from mirror.staff.access import require_view, staff_page
from mirror.staff.comparison import Comparer
from mirror.staff.page import page
from mirror.stores.clients import inline_clients
from mirror.sync.budget import INLINE_SECONDS, Budget
from mirror.sync.engine import Outcome
from mirror.sync.immediate import mirror_immediately

PENDING = "Pending: the worker will mirror it."
OUTCOME_MESSAGES = {
    Outcome.MIRRORED: (messages.SUCCESS, "Mirrored just now."),
    Outcome.SWEPT: (messages.SUCCESS, "Another process has mirrored it just now."),
    Outcome.OVERTAKEN: (
        messages.WARNING,
        f"The row changed, or another process has taken it over. {PENDING}",
    ),
    Outcome.OUT_OF_TIME: (
        messages.WARNING,
        f"The stores did not answer in time. {PENDING}",
    ),
    Outcome.NOT_ATTEMPTED: (
        messages.WARNING,
        (
            "A store is out of reach, a deploy is under way, or another process has claimed the "
            f"row. {PENDING}"
        ),
    ),
    Outcome.FAILED: (messages.WARNING, f"The attempt failed. {PENDING}"),
    Outcome.PARKED: (messages.ERROR, "Parked: the row cannot be mirrored as it is."),
}


@staff_page
@require_safe
def compare(request: HttpRequest, label: str, object_id: str) -> HttpResponse:
    """Show one row as PostgreSQL, DynamoDB and S3 have it."""
    document = _document_or_404(label, object_id)
    model = document.mirror_options.model
    require_view(request, model, None)
    _require_mirror()
    comparison = Comparer(document, object_id, inline_clients, Budget(INLINE_SECONDS)).run()
    if comparison.is_gone and comparison.entry is None:
        raise Http404
    require_view(request, model, comparison.row)
    context = {
        "title": f"Compare {model._meta.verbose_name}",
        "comparison": comparison,
        "label": label,
        "opts": model._meta,
        "outages": Outage.objects.open().order_by("store"),
    }
    return page(request, "compare", context)


@transaction.non_atomic_requests  # so that no row stays locked during the calls to AWS
@staff_page
@require_POST
def mirror_row(request: HttpRequest, label: str, object_id: str) -> HttpResponse:
    """Mirror one row now, if the stores answer in time."""
    document = _document_or_404(label, object_id)
    found = read_rows(document, [object_id])
    if found.keys() - {object_id}:  # the ledger knows one spelling of an id
        raise Http404
    row = found.get(object_id)
    require_view(
        request, document.mirror_options.model, None if isinstance(row, Exception) else row
    )
    _require_mirror()
    entries = LedgerEntry.objects.filter(model=label, object_id=object_id)
    if row is None and not entries.exists():
        raise Http404
    outcome = mirror_immediately(label, object_id, inline_clients, Budget(INLINE_SECONDS))
    level, text = OUTCOME_MESSAGES[outcome]
    messages.add_message(request, level, text)
    return redirect("mirror:compare", label, object_id)


def _document_or_404(label: str, object_id: str) -> type[Document]:
    if "\0" in object_id:  # PostgreSQL refuses to search for it
        raise Http404
    try:
        return document_for(label)
    except KeyError:
        raise Http404 from None


def _require_mirror() -> None:
    if not setting("ENABLED"):
        raise Http404("The mirror is switched off.")
