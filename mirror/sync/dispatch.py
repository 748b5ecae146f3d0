"""Dispatch: from a saved row to the engine, right after commit, guarded, within a budget.

The trigger has marked the row dirty already. All that happens here is that a person's change need
not wait for the worker (``MIRROR["DISPATCH"]`` is ``"inline"``). Whatever goes wrong, the row stays
pending.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import models, transaction
from django.db.models import Exists
from django.db.transaction import TransactionManagementError

from mirror.conf import setting
from mirror.documents.rows import sizes, text_sizes
from mirror.errors import StoreError
from mirror.models import LedgerEntry, Outage
from mirror.pause import context, is_paused
from mirror.stores.clients import inline_clients
from mirror.stores.dynamodb import DYNAMODB
from mirror.sync.breaker import breaker
from mirror.sync.budget import INLINE_SECONDS, Budget, BudgetSpent
from mirror.sync.engine import mirror_entry
from mirror.sync.reading import stored_sizes

logger = logging.getLogger("mirror")

# Bytes of a row, as PostgreSQL compresses them, and as text: repeated words take a hundredth, and
# JSON as Python's objects ten times as many as its text. A larger row is left to the worker, since
# a web server has several threads.
LARGEST = 500_000
LARGEST_TEXT = 4_000_000


def start_request(**_: Any) -> None:
    """Give a request its budget (``request_started``)."""
    context.budget = Budget(INLINE_SECONDS)


def end_request(**_: Any) -> None:
    """Take the budget away again (``request_finished``)."""
    context.budget = None


def row_changed(sender: type[models.Model], instance: models.Model, using: str, **_: Any) -> None:
    """Dispatch a saved row to the engine on commit (``post_save``).

    A deleted row is left to the worker: a receiver of ``post_delete`` would make Django load every
    row of a cascade. The trigger has marked it dirty, as always.
    """
    if not setting("ENABLED") or setting("DISPATCH") != "inline" or is_paused():
        return
    dispatch = partial(_dispatch, sender._meta.label_lower, str(instance.pk))
    with suppress(TransactionManagementError):  # autocommit is off: only its owner knows the commit
        transaction.on_commit(dispatch, using=using)


def _dispatch(label: str, object_id: str) -> None:
    """Mirror one row now; log whatever goes wrong, and let nothing through to the request."""
    try:
        _mirror_inline(label, object_id)
    except Exception as error:  # noqa: BLE001 - the guard: a person's request must not notice;
        # the row stays pending, and the log says so by class, as messages quote data
        logger.error(  # noqa: TRY400 - no traceback: it ends with the message
            "%s %s was not mirrored right after its commit (%s). It stays pending for the worker.",
            label,
            object_id,
            type(error).__name__,
        )


def _mirror_inline(label: str, object_id: str) -> None:
    """Mirror one row now, unless a store is out of reach or the budget is spent."""
    budget: Budget = getattr(context, "budget", None) or Budget(INLINE_SECONDS)
    if budget.left <= 0 or Outage.objects.open().exists():
        return
    entries = LedgerEntry.objects.due().filter(
        ~Exists(Outage.objects.open()), model=label, object_id=object_id
    )
    try:
        # Before the claim, so that a failure here leaves no claim behind; and within the budget,
        # since boto looks for credentials when it makes a client, and their source may hang.
        stores = budget.run(DYNAMODB, inline_clients)
    except StoreError as error:
        breaker.failed(error.failure)
        breaker.report()
        return
    except BudgetSpent:
        return
    if _is_large(LedgerEntry(model=label, object_id=object_id)):
        return
    for entry in entries.claim(1):
        breaker.open.clear()  # the claim itself has found that no outage is open
        mirror_entry(entry, stores, breaker, budget)


def _is_large(changed: LedgerEntry) -> bool:
    """Whether a row is left to the worker. Only what may be small is unpacked to be measured."""
    measures = ((sizes, LARGEST), (text_sizes, LARGEST_TEXT))
    return any(
        max(stored_sizes([changed], measure).values(), default=0) > limit
        for measure, limit in measures
    )
