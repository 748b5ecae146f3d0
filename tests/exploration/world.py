"""The world of a run: one row, its ledger entry, both stores, and what can be done to them."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any
from unittest import mock

import psycopg
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet
from psycopg import sql

from campaigns.models import Campaign
from mirror.documents.items import key_of
from mirror.stores import clients
from mirror.sync import backfill, worker
from mirror.sync.breaker import Breaker
from mirror.verify import repair
from mirror.verify.findings import OBJECT_ORPHANED, ORPHANED, STALE, Finding
from sessions_app.models import Session
from tests.exploration import actors, clock
from tests.exploration.actors import Actor
from tests.exploration.clock import Clock
from tests.exploration.cloud import NOTHING, Cloud

LABEL = "sessions_app.session"
ROW, CAMPAIGN = uuid.UUID(int=1), uuid.UUID(int=2)
LEASE, LONG = 60.0, 17 * 60.0  # seconds: claims have ended; no upload can land any more
TABLES = ("mirror_ledgerentry", "mirror_outage", "campaigns_campaign", "sessions_app_session")
BACKED_UP = ("mirror_ledgerentry", "campaigns_campaign", "sessions_app_session")
MAX_WAITS = 20  # of one drain: what still fails then will fail for ever
UNIMPORTANT = {"id", "owed_since", "mirrored_at", "started_at", "ended_at"}

Rows = dict[str, list[dict[str, Any]]]
_SNAPSHOT = "SELECT jsonb_build_object({})".format(
    ", ".join(
        f"'{table}', (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY id), '[]') FROM {table} t)"
        for table in TABLES
    )
)


@dataclass(frozen=True)
class Saved:
    """The whole state between two operations."""

    rows: Rows
    cloud: tuple[Any, ...]
    passed: float = 0.0
    lapses: dict[float, int] = field(default_factory=lambda: {LEASE: 0, LONG: 0})
    backup: Rows = field(default_factory=dict)
    backup_state: int = 0
    restored: bool = False
    breakers: dict[str, Breaker] = field(default_factory=dict)
    actors: tuple[tuple[int, int], ...] = ((0, 0),) * 3


class Stop(Event):
    """Waits of a drain: time passes at once, in long steps."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        """Let virtual time pass, once others have gone first; give up at last."""
        self.waits += 1
        if self.waits > MAX_WAITS:
            self.set()
        actors.before_sleep(1.0)
        self.world.pass_time(max(timeout or 0.0, LEASE / 2))
        return False


class BreakerOfThread:
    """Stands for the worker's breaker: one for each thread, as for each process."""

    def __init__(self) -> None:
        self.breakers: dict[str, Breaker] = {}

    def own(self) -> Breaker:
        """The breaker of the calling thread."""
        actor = actors.here()
        return self.breakers.setdefault(actor.name if actor else "", Breaker())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "breakers":
            super().__setattr__(name, value)
        else:
            setattr(self.own(), name, value)

    def state(self) -> tuple[Any, ...]:
        """What each process believes, to be compared and hashed."""
        return tuple(
            (name, *sorted(b.open), *sorted(map(repr, b._busy.items())), *sorted(b._resting))
            for name, b in sorted(self.breakers.items())
        )


class World:
    """One process's database, stores, clock and actors, used for one run after another."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.on_sleep = actors.before_sleep
        self.stores = clients.background_clients()
        self.cloud = Cloud(self.stores)
        self.cloud.before_call = actors.before_call
        self.breaker = BreakerOfThread()
        self.control = control_connection()
        self.person, *self.workers = self.actors = [
            Actor(name, number) for number, name in enumerate(("p", "w1", "w2"))
        ]
        for actor in self.actors:
            actor.start()
            actor.arrived.acquire()
        self.backup: Rows = {}
        self.backup_state = 0
        self.restored = False
        self.lapses = dict.fromkeys((LEASE, LONG), 0)
        self.equal: set[int] = set()  # states that the check has called equal
        self._snapshot: Rows | None = None
        self._runs = 0

    def close(self) -> None:
        """End the threads and their connections."""
        for actor in self.actors:
            actor.go("quit")
            actor.join()
        self.control.close()

    # Runs

    def prepare(self, before: Sequence[str]) -> Saved:
        """Make the state in which the runs of a scenario begin."""
        for actor in self.actors:
            actor.begin(())
        empty: Rows = {table: [] for table in TABLES}
        self.go_back(Saved(empty, NOTHING))
        for name in before:
            self.operation(name)()
        self.changed()
        self.breaker.breakers.clear()
        return self.save()

    def save(self) -> Saved:
        """Return what ``go_back`` takes. No actor may be in the middle of an operation."""
        return Saved(
            self.rows(),
            self.cloud.save(),
            self.clock.passed,
            dict(self.lapses),
            self.backup,
            self.backup_state,
            self.restored,
            copy.deepcopy(self.breaker.breakers),
            tuple((actor.position, actor.claims) for actor in self.actors),
        )

    def go_back(self, saved: Saved) -> None:
        """Go back to what ``save`` returned; the actors ``begin`` separately."""
        self._runs += 1
        if self._runs % 100 == 0:  # or each run would walk through the dead rows of all others
            for table in (*TABLES, "sessions_app_sessionsearch", f"{clock.SCHEMA}.clock"):
                self.control.execute(f"VACUUM {table}")
        self.put_back(saved.rows)
        self.cloud.go_back(saved.cloud)
        self._set_time(saved.passed)
        self.lapses = dict(saved.lapses)
        self.backup, self.backup_state = saved.backup, saved.backup_state
        self.restored = saved.restored
        self.breaker.breakers = copy.deepcopy(saved.breakers)

    def put_back(self, rows: Rows) -> None:
        """Write the rows of these tables as they were, past all triggers."""
        self.control.execute(_put_back(rows))
        self.changed()

    def changed(self) -> None:
        """The database may have changed."""
        self._snapshot = None

    def rows(self) -> Rows:
        """Everything that is committed."""
        if self._snapshot is None:
            found = self.control.execute(_SNAPSHOT).fetchone()
            assert found
            self._snapshot = found[0]
        return self._snapshot

    def blockers(self, actor: Actor) -> list[Actor]:
        """The actors whose locks this actor waits for."""
        found = self.control.execute("SELECT pg_blocking_pids(%s)", [actor.pid]).fetchone()
        assert found
        return [other for other in self.actors if other.pid in found[0]]

    # Time

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self._set_time(self.clock.passed + seconds)

    def lapse(self, seconds: float) -> None:
        """Let time pass as a step of the schedule."""
        self.lapses[seconds] += 1
        self.pass_time(seconds)
        if seconds == LONG:
            self.cloud.late.clear()  # AWS refuses what was signed so long ago

    def _set_time(self, passed: float) -> None:
        self.clock.passed = passed
        self.control.execute(f"UPDATE {clock.SCHEMA}.clock SET present = %s", [self.clock.now()])

    def _from_now(self, moment: Any) -> Any:
        """Return how far a moment lies ahead, in seconds; what is past is all the same."""
        if not isinstance(moment, str) or len(moment) < 19:
            return moment
        try:
            return max(0.0, (datetime.fromisoformat(moment) - self.clock.now()).total_seconds())
        except (ValueError, TypeError):
            return moment

    # What there is to do

    def work(self) -> bool:
        """Whether a worker would find something to do."""
        now = self.clock.now()
        outage = self.outage()
        for entry in self.rows()["mirror_ledgerentry"]:
            owed = entry["revision"] > entry["mirrored_revision"]
            ahead = {
                name: entry[name] is not None and datetime.fromisoformat(entry[name]) > now
                for name in ("sweep_at", "next_attempt_at", "claimed_until")
            }
            sweep = entry["sweep_at"] is not None and not ahead["sweep_at"]
            free = not (ahead["claimed_until"] or entry["parked_at"])
            if free and ((owed and outage) or ((owed or sweep) and not ahead["next_attempt_at"])):
                return True
        return False

    def outage(self) -> bool:
        """Whether a store counts as out of reach."""
        return any(row["ended_at"] is None for row in self.rows()["mirror_outage"])

    def waits_for(self, seconds: float) -> bool:
        """Whether anything in the ledger comes to an end within these seconds."""
        ends = [
            self._from_now(moment)
            for entry in self.rows()["mirror_ledgerentry"]
            for moment in (
                entry["sweep_at"],
                entry["next_attempt_at"],
                entry["claimed_until"],
                *entry["object_keys"].values(),
            )
        ]
        return any(isinstance(end, float) and 0 < end <= seconds for end in ends)

    def database_state(self) -> int:
        """Return a hash of what is committed, times counted from now."""
        return hash(
            tuple(
                (table, *(self._row_state(row) for row in rows))
                for table, rows in self.rows().items()
            )
        )

    def _row_state(self, row: dict[str, Any]) -> str:
        state = {
            name: {k: self._from_now(v) for k, v in value.items()}
            if isinstance(value, dict)
            else self._from_now(value)
            for name, value in row.items()
            if name not in UNIMPORTANT
        }
        if "ended_at" in row:
            state["ended"] = row["ended_at"] is not None
        return json.dumps(state, sort_keys=True)

    # What people and workers do

    def operation(self, name: str) -> Callable[[], object]:
        """Return the operation of this name; ``save:B`` is ``save`` with ``B``."""
        verb, _, argument = name.partition(":")
        method = getattr(self, f"do_{verb}")
        return (lambda: method(argument)) if argument else method

    def row(self) -> QuerySet[Session]:
        return Session.objects.filter(pk=ROW)

    def do_create(self) -> None:
        for number in (1, 2):
            User.objects.get_or_create(pk=number, username=f"gm{number}")
        self.do_back()

    def do_file(self) -> None:
        Campaign.objects.create(pk=CAMPAIGN, owner_id=1, name="A")
        self.row().update(campaign_id=CAMPAIGN)

    def do_save(self, text: str) -> None:
        self.row().update(transcript_text=text)

    def do_rename(self, name: str) -> None:
        self.row().update(name=name)

    def do_transaction(self, text: str) -> None:
        with transaction.atomic():
            self.do_save(text)

    def do_move(self, owner: str) -> None:
        self.row().update(owner_id=int(owner))

    def do_unfile(self) -> None:
        self.row().update(campaign_id=None)

    def do_delete(self) -> None:
        self.row()._raw_delete("default")

    def do_back(self) -> None:
        row = Session(pk=ROW, owner_id=1, name="one", transcript_text="A")
        Session.objects.bulk_create([row])

    def do_backup(self) -> None:
        self.backup = {table: self.rows()[table] for table in BACKED_UP}
        self.backup_state = self.database_state()

    def do_restore(self) -> None:
        self.put_back(self.backup)
        known = max(entry["revision"] for entry in self.backup["mirror_ledgerentry"])
        self.cloud.guard_newer_items(known)
        self.restored = True

    def do_repair(self) -> None:
        self.cloud.precious = {}
        repair.mark_dirty([Finding(STALE, LABEL, str(ROW), "")], self.stores)

    def do_orphans(self) -> None:
        """Somebody put an item and an object there that the ledger does not know."""
        (item,) = [item for item in self.cloud.items.values() if "id" in item]
        stray = {**item, "pk": {"S": "user#9"}}
        key = stray["transcriptStorageKey"]["S"].replace("/1-", "/0-")
        self.cloud.objects[key] = self.cloud.objects[stray["transcriptStorageKey"]["S"]]
        stray["transcriptStorageKey"] = {"S": key}
        self.cloud.items[key_of(stray)] = stray

    def do_remove(self) -> None:
        """Repair as ``mirror_check --repair --delete-orphans`` does."""
        entry = self.rows()["mirror_ledgerentry"][0]
        items = [key for key in self.cloud.items if list(key) not in entry["item_keys"]]
        objects = self.cloud.objects.keys() - entry["object_keys"].keys()
        findings = [Finding(ORPHANED, LABEL, str(ROW), key) for key in items]
        findings += [Finding(OBJECT_ORPHANED, LABEL, str(ROW), key) for key in sorted(objects)]
        repair.mark_dirty(findings, self.stores)

    def do_enqueue(self) -> None:
        backfill.enqueue_all(force_upload=True)

    def do_outage(self) -> None:
        self.cloud.s3_is_down = True

    def do_recovery(self) -> None:
        self.cloud.s3_is_down = False

    def do_work(self) -> None:
        worker.mirror_due()

    def do_drain(self) -> None:
        worker.Worker(stop=Stop(self)).drain()

    def next_id(self) -> uuid.UUID:
        """Return the id of a claim: the same in every run of a schedule."""
        actor = actors.here()
        if actor is None:
            return uuid.uuid4()
        actor.claims += 1
        return uuid.UUID(int=(actor.number + 1) * 1000 + actor.claims)


def _put_back(rows: Rows) -> sql.SQL | sql.Composed:
    """Return the SQL that makes these rows, and no others, the content of their tables."""
    deletions = sql.SQL("").join(sql.SQL(f"DELETE FROM {table};") for table in reversed(rows))
    return deletions + sql.SQL("").join(
        sql.SQL(
            f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, {{}});"
        ).format(json.dumps(content))
        for table, content in rows.items()
        if content
    )


def control_connection() -> psycopg.Connection[Any]:
    """Return a connection past Django, without triggers, for what no actor does."""
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in {"dbname", "user", "password", "host", "port"}
    }
    control = psycopg.connect(**parameters, autocommit=True)
    control.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    return control


@contextmanager
def new_world() -> Iterator[World]:
    """A world over the database of Django's settings."""
    with connection.cursor() as cursor:
        cursor.execute(clock.CREATE)
        cursor.execute(clock.USE)
    clients.reset_clients()
    world = World()
    try:
        with (
            clock.virtual_time(world.clock, world.next_id),
            mock.patch.object(worker, "breaker", world.breaker),
        ):
            yield world
    finally:
        world.close()
        clients.reset_clients()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {clock.SCHEMA} CASCADE")
        connection.close()
