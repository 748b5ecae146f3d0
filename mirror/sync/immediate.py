"""*Mirror now*: mirror one row at once, because somebody asked, within a request's budget."""

from __future__ import annotations

from mirror.documents.items import Item, ItemKey
from mirror.errors import StoreError
from mirror.models import LedgerEntry
from mirror.stores.clients import Clients, Stores
from mirror.stores.dynamodb import DYNAMODB
from mirror.sync.breaker import breaker
from mirror.sync.budget import Budget, BudgetSpent
from mirror.sync.engine import Outcome, mirror_entry


def mirror_immediately(label: str, object_id: str, clients: Clients, budget: Budget) -> Outcome:
    """Enqueue one row and try to mirror it; if that fails, it stays pending for the worker.

    What the table holds of it is overwritten, whatever that is.
    """
    entries = LedgerEntry.objects.filter(model=label, object_id=object_id)
    breaker.refresh()
    stores: Stores | None = None
    present: list[Item] = []
    if DYNAMODB not in breaker.open:
        try:
            stores = budget.run(DYNAMODB, clients)
            known = [ItemKey(*key) for entry in entries for key in entry.item_keys]
            items = budget.run(DYNAMODB, stores.items.get_many, known, consistent=True)
            present = list(items.values())
        except (StoreError, BudgetSpent):
            pass  # the attempt below, or its absence, says what is the matter
    LedgerEntry.objects.mark_dirty(label, object_id, overwriting=present)
    if stores and not breaker.open:
        for entry in entries.due().claim(1):
            return mirror_entry(entry, stores, breaker, budget)
    return Outcome.NOT_ATTEMPTED
