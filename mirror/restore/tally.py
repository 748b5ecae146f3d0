"""What a restore came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

NOTED = 50  # objects named for each model


@dataclass
class Tally:
    """What became of the objects of one model."""

    label: str
    equal: int = 0
    differ: int = 0  # in both, not overwritten
    restored: int = 0  # with dry run: would be
    impossible: int = 0  # missing from PostgreSQL, and not to be restored
    lost: int = 0  # in PostgreSQL, not in the mirror
    pending: int = 0  # on its way
    fields: Counter[str] = field(default_factory=Counter)  # that differ
    notes: list[str] = field(default_factory=list)  # the first objects that differ, and why

    @property
    def wrong(self) -> int:
        """How many objects differ, or cannot come back."""
        return self.differ + self.impossible + self.lost

    def note(self, object_id: str, words: str) -> None:
        """Name an object."""
        if len(self.notes) < NOTED:
            self.notes.append(f"{self.label} {object_id}: {words}")
