"""*Mirror now*: one object, at once, because somebody asked, within a request's budget."""

from __future__ import annotations

from mirror.documents.items import ItemKey, revision_of
from mirror.errors import SinkError
from mirror.models import LedgerEntry
from mirror.stores.clients import Sinks
from mirror.stores.dynamodb import DYNAMODB
from mirror.sync.breaker import breaker
from mirror.sync.budget import Budget, BudgetSpent
from mirror.sync.engine import Outcome, mirror_entry


def mirror_now(label: str, object_id: str, sinks: Sinks, budget: Budget) -> Outcome:
    """Owe one object and try to mirror it; what does not succeed stays pending for the worker.

    Its revision is raised above what the table holds, or the write would be refused.
    """
    entries = LedgerEntry.objects.filter(model=label, object_id=object_id)
    known = [ItemKey(*key) for entry in entries for key in entry.item_keys]
    above = 0
    breaker.refresh()
    if DYNAMODB not in breaker.open:
        try:
            items = budget.run(DYNAMODB, sinks.items.get_many, known, consistent=True)
            above = max(map(revision_of, items.values()), default=0)
        except (SinkError, BudgetSpent):
            pass  # the attempt below says what is the matter
    LedgerEntry.objects.mark(label, object_id, above=above)
    if breaker.open:
        return Outcome.LEFT
    for entry in entries.due().claim(1):
        return mirror_entry(entry, sinks, breaker, budget)
    return Outcome.LEFT
