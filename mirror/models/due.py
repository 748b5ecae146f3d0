"""When an entry is due: one expression, and the index whose order it is.

Nothing here may read more of the ledger than it returns, however many entries are mirrored, parked,
claimed or in back-off, or belong to models that this process does not know (a deploy under way).
So the index begins with the model, and each model's entries are walked by themselves: first what
people change, then what a backfill has enqueued, each in the order in which it is due.
"""

from __future__ import annotations

from django.db.models import Case, F, Index, Q, When
from django.db.models.functions import Greatest

from mirror.documents.registry import labels

ORPHAN_MODEL = ""  # the model of an entry for an item that belongs to no registered model

OWED = Q(revision__gt=F("mirrored_revision"))
UNFINISHED = OWED | Q(sweep_at__isnull=False)

# When there is something to do for an unfinished entry; null while it is parked. A claim puts that
# off until it ends, as the visibility timeout of a queue does.
DUE_AT = Case(
    When(parked_at__isnull=False, then=None),
    When(OWED, then=Greatest("next_attempt_at", "claimed_until")),
    default=Greatest("sweep_at", "next_attempt_at", "claimed_until"),
)

INDEXES = [
    Index("model", "backfill", DUE_AT, "id", condition=UNFINISHED, name="ledger_in_turn"),
    Index(
        fields=["claimed_until"],
        condition=Q(claimed_until__isnull=False),
        name="ledger_claimed",
    ),
    Index(fields=["parked_at", "id"], condition=Q(parked_at__isnull=False), name="ledger_parked"),
]


def known_models() -> list[str]:
    """Return the labels of the models whose entries this process may work on."""
    return [*labels(), ORPHAN_MODEL]
