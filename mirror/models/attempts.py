"""Attempts at claimed entries: what the ledger is told before one and after it.

Each verb is one statement for many entries, and counts for each by itself: one whose claim is lost,
or whose revision was raised, is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mirror.capture import RESET_COLUMNS
from mirror.documents.items import ItemKey
from mirror.errors import Failure
from mirror.models.changes import Change
from mirror.models.claims import Claimable, ClaimableQuerySet, E
from mirror.models.key_states import KeyState, dump

_RESET = ", ".join(f"{column} = {sql}" for column, sql in RESET_COLUMNS.items())


@dataclass(frozen=True)
class Note:
    """What a row has in the stores, for its entry: its keys, and the items that were put."""

    entry: Claimable
    item_keys: Sequence[ItemKey]
    key_states: Mapping[str, KeyState]
    attempted: Sequence[str] = ()  # fingerprints
    sweep_at: datetime | None = None
    change: Change | None = None  # what is counted once it is acknowledged

    @property
    def columns(self) -> dict[str, Any]:
        """The columns that hold it."""
        return {
            "item_keys": [list(key) for key in self.item_keys],
            "object_keys": dump(self.key_states),
            "attempted": list(self.attempted),
            "sweep_at": self.sweep_at,
        }

    @property
    def is_news(self) -> bool:
        """Whether the entry, as it was claimed, says anything else of the keys and the items."""
        entry, columns = self.entry, self.columns
        return any(
            getattr(entry, n) != columns[n] for n in ("item_keys", "object_keys", "attempted")
        )


class AttemptQuerySet(ClaimableQuerySet[E]):
    """The verbs of attempts."""

    def record(self, notes: Sequence[Note]) -> set[int]:
        """Note what is about to be written; return the ids of the entries that still may.

        Not those whose claim is lost or whose revision was raised: whoever raised it may have
        noted keys as well.
        """
        news = [note for note in notes if note.is_news]
        recorded = self._change_claimed(
            [note.entry for note in news],
            "item_keys = new.item_keys, object_keys = new.object_keys, attempted = new.attempted",
            [note.columns for note in news],
            ", item_keys jsonb, object_keys jsonb, attempted jsonb",
        )
        return recorded | {note.entry.pk for note in notes if not note.is_news}

    def acknowledge(self, notes: Sequence[Note]) -> set[int]:
        """Say that these revisions are mirrored; return the ids for which no newer one is owed.

        The same statement counts the changes.
        """
        return self._change_claimed(
            [note.entry for note in notes],
            f"""{_RESET}, mirrored_revision = entry.revision, mirrored_at = clock_timestamp(),
            backfill = false,
            item_keys = new.item_keys, object_keys = new.object_keys, attempted = new.attempted,
            sweep_at = new.sweep_at, claim = NULL, claimed_until = NULL""",
            [{**note.columns, "change": note.change} for note in notes],
            ", item_keys jsonb, object_keys jsonb, attempted jsonb, sweep_at timestamptz, "
            "change text",
            lossy=True,
            counting=True,
        )

    def begin_anew(self, entries: Sequence[E]) -> set[int]:
        """Raise the revisions and give the claims back; return the ids of those it changed.

        For rows that other code has rendered and written under the same revisions.
        """
        return self._change_claimed(
            entries,
            f"""{_RESET}, revision = entry.revision + 1, claim = NULL, claimed_until = NULL,
            owed_since = CASE WHEN entry.revision > entry.mirrored_revision
                THEN entry.owed_since ELSE clock_timestamp() END""",
            [{}] * len(entries),
        )

    def fail(self, attempts: Sequence[tuple[E, Failure, timedelta | None]]) -> set[int]:
        """Note failures and give the claims back; return the ids of those it changed.

        The third is after how long to try again; without it the entry is parked. A row that was
        changed meanwhile is passed over: the failure says nothing of its new state.
        """
        return self._change_claimed(
            [entry for entry, _, _ in attempts],
            """attempts = attempts + new.counts,
            next_attempt_at = clock_timestamp() + coalesce(new.seconds, 0) * interval '1 second',
            parked_at = CASE WHEN new.seconds IS NULL THEN clock_timestamp() END,
            error_class = new.error_class, error_code = new.error_code,
            claim = NULL, claimed_until = NULL""",
            [
                {
                    "counts": int(failure.is_of_row),
                    "seconds": None if retry_after is None else retry_after.total_seconds(),
                    "error_class": failure.error_class[:100],
                    "error_code": failure.code[:100],
                }
                for _, failure, retry_after in attempts
            ],
            ", counts integer, seconds double precision, error_class text, error_code text",
            lossy=True,
        )
