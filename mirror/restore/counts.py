"""What a restore came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from mirror.formats import printable

MAX_NOTES = 50  # rows named for each model
RESULTS = ("equal", "differ", "restored", "impossible", "lost", "pending")


@dataclass
class RestoreCounts:
    """What became of the rows of one model."""

    label: str
    equal: int = 0
    differ: int = 0  # in both, and not overwritten
    restored: int = 0  # without --apply: would be restored
    impossible: int = 0  # missing from PostgreSQL, and cannot be restored
    lost: int = 0  # in PostgreSQL, but not in the mirror
    pending: int = 0
    fields: Counter[str] = field(default_factory=Counter)  # in how many rows each field differs
    set_anew: dict[str, str] = field(default_factory=dict)  # fields that nothing holds, and to what
    lacked: Counter[str] = field(default_factory=Counter)  # mirrored fields that got a default
    notes: list[str] = field(default_factory=list)  # the first rows with a problem, and which

    @property
    def problems(self) -> int:
        """How many rows differ, cannot be restored, or are not in the mirror."""
        return self.differ + self.impossible + self.lost

    def note(self, object_id: str, problem: str) -> None:
        """Note what is wrong with a row, unless there are many notes already."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(f"{self.label} {printable(object_id)}: {problem}")
