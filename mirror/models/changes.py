"""How many changes were mirrored, by kind: what the validation period has seen.

The statement that acknowledges a change counts it, so none is counted twice, and none that is not
mirrored. Processes that acknowledge at the same time would wait for one another at a single row: so
there are ``SLOTS`` of them, and each connection has one by the number of its server process.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from django.db import models
from django.db.models import Sum

from mirror.models.primary import PrimaryManager

SLOTS = 64


class Change(StrEnum):
    """The kinds of changes. The values are the columns that count them."""

    CREATE = "creates"
    UPDATE = "updates"
    MOVE = "moves"  # to another primary key of the table
    DELETION = "deletions"


# In a WITH clause behind ``acknowledged``, which has the column ``change``: a kind, or null for
# what is no change.
COUNT = f"""
    INSERT INTO mirror_changecount AS known (slot, {", ".join(Change)})
    SELECT mod(pg_backend_pid(), {SLOTS}),
        {", ".join(f"count(*) FILTER (WHERE change = '{kind}')" for kind in Change)}
    FROM acknowledged HAVING count(change) > 0
    ON CONFLICT (slot) DO UPDATE SET
        {", ".join(f"{kind} = known.{kind} + excluded.{kind}" for kind in Change)}
"""  # noqa: S608 - constants only


class Changes(NamedTuple):
    """Numbers of changes, by kind."""

    creates: int
    updates: int
    moves: int
    deletions: int

    def since(self, before: Changes) -> Changes:
        """Return how many there were since these were ``before``.

        None of a kind that is fewer now: the counts are those of a backup, or began anew.
        """
        return Changes(*(max(now - then, 0) for now, then in zip(self, before, strict=True)))


class ChangeCountQuerySet(models.QuerySet["ChangeCount"]):
    """The verbs of the counts."""

    def total(self) -> Changes:
        """Return how many changes were mirrored since counting began."""
        sums = self.aggregate(**{kind.value: Sum(kind.value, default=0) for kind in Change})
        return Changes(**sums)


ChangeCountManager = PrimaryManager.from_queryset(ChangeCountQuerySet)


class ChangeCount(models.Model):
    """The changes that some of the connections have acknowledged, since counting began."""

    slot = models.SmallIntegerField(primary_key=True)
    creates = models.BigIntegerField()
    updates = models.BigIntegerField()
    moves = models.BigIntegerField()
    deletions = models.BigIntegerField()

    objects = ChangeCountManager()

    def __str__(self) -> str:
        return f"slot {self.slot}"
