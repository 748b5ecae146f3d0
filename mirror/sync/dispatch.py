"""From a saved object to the engine: right after commit, guarded, within a budget.

The ledger has been marked by the trigger already. All that happens here is that a person's change
need not wait for the worker (``MIRROR_DISPATCH=inline``); whatever goes wrong, it stays pending.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from mirror.conf import setting

if TYPE_CHECKING:
    from django.db import models

    from mirror.sync.budget import Budget
from mirror.pause import _context
from mirror.sync.budget import INLINE_SECONDS

logger = logging.getLogger("mirror")


def start_request(**_: Any) -> None:
    """Give a request its budget (``request_started``)."""
    from mirror.sync.budget import Budget

    _context.budget = Budget(INLINE_SECONDS)


def end_request(**_: Any) -> None:
    """Take the budget away again (``request_finished``)."""
    _context.budget = None


def object_changed(
    sender: type[models.Model], instance: models.Model, using: str, **_: Any
) -> None:
    """Hand a saved or deleted object to the engine on commit (``post_save``, ``post_delete``)."""
    if not setting("ENABLED") or setting("DISPATCH") != "inline":
        return
    if getattr(_context, "paused", False):
        return
    deliver = partial(_deliver, sender._meta.label_lower, str(instance.pk))
    transaction.on_commit(deliver, using=using)


def _deliver(label: str, object_id: str) -> None:
    """Mirror one object now, unless a store is out of reach or the budget is spent."""
    try:
        _mirror_now(label, object_id)
    except Exception as error:  # noqa: BLE001 - the guard: a person's request must not notice;
        # the change stays owed, and the log says so by class, as messages quote data
        logger.error(  # noqa: TRY400 - no traceback: it ends with the message
            "%s %s could not be handed off and stays pending: %s",
            label,
            object_id,
            type(error).__name__,
        )


def _mirror_now(label: str, object_id: str) -> None:
    from django.db.models import Exists

    from mirror.errors import SinkError
    from mirror.models import LedgerEntry, Outage
    from mirror.stores.clients import inline_sinks
    from mirror.stores.dynamodb import DYNAMODB
    from mirror.sync.breaker import breaker
    from mirror.sync.budget import Budget, BudgetSpent
    from mirror.sync.engine import mirror_entry

    budget: Budget = getattr(_context, "budget", None) or Budget(INLINE_SECONDS)
    if budget.left <= 0 or Outage.objects.open().exists():
        return
    entries = LedgerEntry.objects.due().filter(
        ~Exists(Outage.objects.open()), model=label, object_id=object_id
    )
    try:
        # Before the claim, as what fails here must not leave one behind; and within the budget,
        # as boto asks for credentials when it makes a client, and whom it asks may hang.
        stores = budget.run(DYNAMODB, inline_sinks)
    except SinkError as error:
        breaker.failed(error.failure)
        return
    except BudgetSpent:
        return
    for entry in entries.claim(1):
        breaker.open.clear()  # no outage, says the claim
        mirror_entry(entry, stores, breaker, budget)
