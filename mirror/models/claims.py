"""Claims: the right of one process to make an attempt at an entry, as a lease with an end."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from mirror.models.due import DUE_AT, known_models

LEASE = timedelta(seconds=50)  # how long a claim holds: others may take the entry over afterwards
IN_TURN = "due_at, id"
LOCK_PAUSES = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05)  # seconds

E = TypeVar("E", bound="Claimable")


class ClaimableQuerySet(models.QuerySet[E]):
    """Entries that can be claimed."""

    def claim(self, limit: int, *, order: str = IN_TURN, candidates: int = 0) -> list[E]:
        """Lease up to ``limit`` of these entries to the caller and return them as they stand.

        One short statement, so that no lock is held while AWS is asked: a person's save of the
        same row never waits. Entries that are locked by another transaction are passed over, and
        so are those of unknown models.

        The first ``candidates`` of each model in the order in which they are due are put in
        ``order`` (SQL), and the first of these are claimed. No more than them are read.
        """
        model = RawSQL("known.label", [])
        walk = self.filter(model=model).annotate(due_at=DUE_AT).order_by("due_at", "id")
        columns = ("id", "due_at", "claimed_until", "attempts")
        sql, params = walk.values(*columns)[: candidates or limit].query.sql_with_params()
        lease_ends = time.monotonic() + LEASE.total_seconds()
        entries = list(
            self.raw(
                f"""
                UPDATE {self.model._meta.db_table}
                SET claim = %s, claimed_until = clock_timestamp() + %s
                WHERE id = ANY(ARRAY(
                    SELECT id FROM unnest(%s::text[]) AS known(label)
                    CROSS JOIN LATERAL ({sql} FOR UPDATE SKIP LOCKED) AS candidate
                    WHERE claimed_until IS NULL OR claimed_until <= statement_timestamp()
                    ORDER BY {order} LIMIT %s
                ))
                RETURNING *, clock_timestamp() AS claimed_at
                """,  # noqa: S608 - the SQL put in is Django's own, with placeholders
                [uuid4(), LEASE, known_models(), *params, limit],
            )
        )
        for entry in entries:
            entry.lease_ends = lease_ends
        return entries


class Claimable(models.Model):
    """An entry that one process at a time may work on, at the revision that it has claimed."""

    revision = models.BigIntegerField(db_default=1)
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)

    # On entries that ``ClaimableQuerySet.claim`` returned:
    claimed_at: datetime  # by PostgreSQL's clock
    lease_ends: float  # by this process's monotonic clock

    class Meta:
        abstract = True

    def change_while_claimed(self, *, at_my_revision: bool, **values: Any) -> bool:
        """Change this entry while the caller's claim holds; false if it no longer does.

        Never waits for long, as a person's transaction may keep the row locked for as long as it
        likes. A short wait is worth it: a worker that looks for something to claim locks the row
        for a moment, too, and a claim that is not given back blocks it for a whole lease.
        """
        held: dict[str, Any] = {"claim": self.claim}
        if at_my_revision:
            held["revision"] = self.revision
        table = self._meta.db_table
        unlocked = RawSQL(  # noqa: S611 - the table's name is Django's own
            f"SELECT id FROM {table} WHERE id = %s FOR UPDATE SKIP LOCKED",  # noqa: S608 - the same
            [self.pk],
        )
        for pause in LOCK_PAUSES:
            time.sleep(pause)
            if type(self)._default_manager.filter(pk=unlocked, **held).update(**values):
                return True
            if not type(self)._default_manager.filter(pk=self.pk, **held).exists():
                return False
        return False

    def renew(self) -> bool:
        """Begin the lease anew once half of it is over; false if the claim is lost."""
        if self.lease_ends - time.monotonic() > LEASE.total_seconds() / 2:
            return True
        lease_ends = time.monotonic() + LEASE.total_seconds()
        held = self.change_while_claimed(at_my_revision=False, claimed_until=Now() + LEASE)
        if held:
            self.lease_ends = lease_ends
        return held

    def release(self) -> bool:
        """Give the claim back with nothing done; false if it was already lost.

        Others come first now: an entry that is released again and again must not delay them.
        """
        return self.change_while_claimed(
            at_my_revision=False, claim=None, claimed_until=None, next_attempt_at=Now()
        )
