"""Claims: the right of one process to make an attempt at an entry, as a lease with an end."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any, TypeVar
from uuid import uuid4

from django.db import connection, models
from django.db.models.expressions import RawSQL

from mirror.models.changes import COUNT
from mirror.models.clock import database_time
from mirror.models.due import DUE_AT, known_models

LEASE = timedelta(seconds=50)  # how long a claim holds: others may take the entry over afterwards
IN_TURN = "backfill, due_at, id"
# In a FROM clause: lets the statement be lost if PostgreSQL crashes within a second, and saves the
# wait for the disk. Only for what is merely done again then.
LOSSY = "(SELECT set_config('synchronous_commit', 'off', true)) AS lossy"
LOCK_PAUSES = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05)  # seconds

E = TypeVar("E", bound="Claimable")


class ClaimableQuerySet(models.QuerySet[E]):
    """Entries that can be claimed."""

    def claim(self, limit: int, *, order: str = IN_TURN, candidates: int = 0) -> list[E]:
        """Lease up to ``limit`` of these entries to the caller and return them as they stand.

        One short statement, so that no lock is held while AWS is asked: a person's save of the
        same row never waits. Entries that are locked by another transaction are passed over, and
        so are those of unknown models.

        The first ``candidates`` of each model in the order in which they are due, those that a
        backfill has enqueued apart, are put in ``order`` (SQL), and the first of these are
        claimed: by default, what people have changed comes first. No more than these are read.
        """
        walks, params = self.in_turn(candidates or limit, "FOR UPDATE SKIP LOCKED")
        lease_ends = time.monotonic() + LEASE.total_seconds()
        entries = list(
            self.raw(
                f"""
                UPDATE {self.model._meta.db_table} AS entry
                SET claim = %s, claimed_until = clock_timestamp() + %s FROM {LOSSY}
                WHERE entry.id = ANY(ARRAY(
                    SELECT id FROM {walks}
                    WHERE claimed_until IS NULL OR claimed_until <= statement_timestamp()
                    ORDER BY {order} LIMIT %s
                ))
                RETURNING entry.*, clock_timestamp() AS claimed_at
                """,  # noqa: S608 - the SQL put in is Django's own, with placeholders
                [uuid4(), LEASE, *params, limit],
            )
        )
        for entry in entries:
            entry.lease_ends = lease_ends
        return entries

    def any_known(self) -> bool:
        """Whether any of these belongs to a known model; reads one of each model and kind."""
        walks, params = self.in_turn(1)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT EXISTS (SELECT FROM {walks})", params)  # noqa: S608 - as above
            return bool(cursor.fetchone()[0])

    def in_turn(self, limit: int, locking: str = "") -> tuple[str, list[Any]]:
        """Return a FROM clause and its parameters: the next of each known model and kind."""
        walk = self.filter(
            model=RawSQL("known.label", []), backfill=RawSQL("kind.is_backfill", [])
        ).annotate(due_at=DUE_AT)
        columns = ("id", "backfill", "due_at", "claimed_until", "attempts")
        rows = walk.order_by("due_at", "id").values(*columns)[:limit]
        sql, params = rows.query.sql_with_params()
        return (
            f"""unnest(%s::text[]) AS known(label)
            CROSS JOIN unnest(ARRAY[false, true]) AS kind(is_backfill)
            CROSS JOIN LATERAL ({sql} {locking}) AS candidate""",
            [known_models(), *params],
        )

    def release(self, entries: Sequence[E]) -> set[int]:
        """Give claims back with nothing done; return the ids of those whose claim still held.

        Others come first now: an entry that is released again and again must not delay them.
        """
        return self._change_claimed(
            entries,
            "claim = NULL, claimed_until = NULL, next_attempt_at = clock_timestamp()",
            lossy=True,
        )

    def renew(self, entries: Sequence[E]) -> set[int]:
        """Begin the leases anew; return the ids of those whose claim still held and was free."""
        lease_ends = time.monotonic() + LEASE.total_seconds()
        seconds = LEASE.total_seconds()
        held = self._change_claimed(
            entries, f"claimed_until = clock_timestamp() + make_interval(secs => {seconds})"
        )
        if held:
            now = database_time()
            for entry in entries:
                if entry.pk in held:
                    entry.lease_ends, entry.claimed_at = lease_ends, now
        return held

    def _change_claimed(
        self,
        entries: Sequence[Claimable],
        assignments: str,
        values: Sequence[Mapping[str, Any]] = (),
        columns: str = "",
        *,
        lossy: bool = False,
        counting: bool = False,
    ) -> set[int]:
        """Change claimed entries, all with one statement; return the ids of those it changed.

        An entry is changed only while its claim holds and, if there are ``values``, only at the
        revision that was claimed. ``assignments`` may name the ``columns`` of ``values``, one for
        each entry, as ``new.column``. Only what is ``lossy`` may be lost if PostgreSQL crashes.
        With ``counting``, each entry that it changes counts as one ``new.change``.

        Never waits for long, as a person's transaction may keep a row locked for as long as it
        likes. A short wait is worth it: a worker that looks for something to claim locks rows for
        a moment, too, and a claim that is not given back blocks its entry for a whole lease.
        """
        table = self.model._meta.db_table
        mine = "entry.claim = new.claim" + (" AND entry.revision = new.revision" if values else "")
        given = f"jsonb_to_recordset(%s) AS new(id bigint, claim uuid, revision bigint{columns})"
        change = f"""
            UPDATE {table} AS entry SET {assignments} FROM {given} {f"CROSS JOIN {LOSSY}" * lossy}
            WHERE entry.id = new.id AND {mine} AND entry.id = ANY(ARRAY(
                SELECT entry.id FROM {table} AS entry JOIN {given} ON entry.id = new.id AND {mine}
                ORDER BY entry.id FOR UPDATE OF entry SKIP LOCKED
            )) RETURNING entry.id{", new.change" * counting}
            """  # noqa: S608 - the parts are constants of this package
        if counting:
            change = f"""
                WITH acknowledged AS ({change}), counted AS ({COUNT}) SELECT id FROM acknowledged
                """  # noqa: S608 - the same
        still_held = f"""
            SELECT entry.id FROM {table} AS entry JOIN {given} ON entry.id = new.id AND {mine}
            """  # noqa: S608 - the same
        left = {
            entry.pk: {
                "id": entry.pk,
                "claim": str(entry.claim),
                "revision": entry.revision,
                **more,
            }
            for entry, more in zip(entries, values or repeat({}), strict=False)
        }
        changed: set[int] = set()
        for pause in LOCK_PAUSES:
            if not left:
                break
            time.sleep(pause)
            changed |= (now := _ids(change, left))
            left = {pk: row for pk, row in left.items() if pk not in now}
            held = _ids(still_held, left)
            left = {pk: row for pk, row in left.items() if pk in held}
        return changed


def _ids(sql: str, rows: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Return the ids that a statement returns; each of its parameters is ``rows``."""
    if not rows:
        return set()
    given = json.dumps(list(rows.values()), default=str)
    with connection.cursor() as cursor:
        cursor.execute(sql, [given] * sql.count("%s"))
        return {pk for (pk,) in cursor.fetchall()}


class Claimable(models.Model):
    """An entry that one process at a time may work on, at the revision that it has claimed."""

    revision = models.BigIntegerField(db_default=1)
    # Enqueued by a backfill, and not changed since: what people change goes first.
    backfill = models.BooleanField(db_default=False)
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)

    # On entries that ``ClaimableQuerySet.claim`` returned:
    claimed_at: datetime  # when the lease began, or a moment later, by PostgreSQL's clock
    lease_ends: float  # by this process's monotonic clock

    class Meta:
        abstract = True
