"""One row compared in all three stores, and *Mirror now*."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mirror.conf import setting
from mirror.documents.document import Document
from mirror.documents.registry import document_for
from mirror.documents.rows import rows
from mirror.models import LedgerEntry, Outage
from mirror.staff.access import require_view, staff_page
from mirror.staff.comparison import Comparer
from mirror.staff.page import page
from mirror.stores.clients import inline_clients
from mirror.sync.budget import INLINE_SECONDS, Budget
from mirror.sync.engine import Outcome
from mirror.sync.immediate import mirror_immediately

SAID = {
    Outcome.MIRRORED: (messages.SUCCESS, "Mirrored just now."),
    Outcome.OVERTAKEN: (messages.WARNING, "Pending: the worker will do it."),
    Outcome.OUT_OF_TIME: (messages.WARNING, "Pending: the worker will do it."),
    Outcome.NOT_ATTEMPTED: (messages.WARNING, "Pending: the worker will do it."),
    Outcome.FAILED: (messages.WARNING, "The attempt failed. Pending: the worker will do it."),
    Outcome.PARKED: (messages.ERROR, "Parked: the object cannot be mirrored as it is."),
}


@staff_page
@require_safe
def compare(request: HttpRequest, label: str, object_id: str) -> HttpResponse:
    """Show one object as PostgreSQL, DynamoDB and S3 have it."""
    document = _document(label, object_id)
    require_view(request, document.mirror_options.model, None)
    _require_mirror()
    found = Comparer(document, object_id, inline_clients(), Budget(INLINE_SECONDS)).run()
    if found.row is None and found.entry is None:
        raise Http404
    require_view(request, document.mirror_options.model, found.row)
    context = {
        "title": f"Compare {document.mirror_options.model._meta.verbose_name}",
        "found": found,
        "label": label,
        "opts": document.mirror_options.model._meta,
        "outages": Outage.objects.open().order_by("store"),
    }
    return page(request, "compare", context)


@transaction.non_atomic_requests  # AWS is asked: no row stays locked meanwhile
@staff_page
@require_POST
def mirror_row(request: HttpRequest, label: str, object_id: str) -> HttpResponse:
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
    outcome = mirror_immediately(label, object_id, inline_clients(), Budget(INLINE_SECONDS))
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
