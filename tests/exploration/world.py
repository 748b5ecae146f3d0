"""The world of a run: one row, its ledger entry, both stores, and what can be done to them."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest import mock

from django.db import connection

from mirror.stores import clients
from mirror.sync import worker
from mirror.sync.breaker import Breaker
from tests.exploration import actors, clock
from tests.exploration.actors import Actor
from tests.exploration.clock import Clock
from tests.exploration.cloud import NOTHING, Cloud
from tests.exploration.database import TABLES, Database, Rows

LEASE, LONG = 60.0, 17 * 60.0  # seconds: claims have ended; no upload can land any more


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
    faults: int = 0
    breakers: dict[str, Breaker] = field(default_factory=dict)
    actors: tuple[tuple[int, int], ...] = ((0, 0),) * 3


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
        self.database = Database(self.clock)
        self.person, *self.workers = self.actors = [
            Actor(name, number) for number, name in enumerate(("p", "w1", "w2"))
        ]
        for actor in self.actors:
            actor.start()
            actor.arrived.acquire()
        self.backup: Rows = {}
        self.backup_state = 0
        self.restored = False
        self.faults = 0  # so far: time may pass to end what they have left behind
        self.lapses = dict.fromkeys((LEASE, LONG), 0)
        self.equal: set[int] = set()  # states that the check has called equal

    def close(self) -> None:
        """End the threads and their connections."""
        for actor in self.actors:
            actor.go("quit")
            actor.join()
        self.database.close()

    # Runs

    def prepare(self, before: Sequence[Callable[[], object]]) -> Saved:
        """Make the state in which the runs of a scenario begin."""
        for actor in self.actors:
            actor.begin(())
        empty: Rows = {table: [] for table in TABLES}
        self.go_back(Saved(empty, NOTHING))
        for operate in before:
            operate()
        self.database.changed()
        self.breaker.breakers.clear()
        return self.save()

    def save(self) -> Saved:
        """Return what ``go_back`` takes. No actor may be in the middle of an operation."""
        return Saved(
            self.database.rows(),
            self.cloud.save(),
            self.clock.passed,
            dict(self.lapses),
            self.backup,
            self.backup_state,
            self.restored,
            self.faults,
            copy.deepcopy(self.breaker.breakers),
            tuple((actor.position, actor.claims) for actor in self.actors),
        )

    def go_back(self, saved: Saved) -> None:
        """Go back to what ``save`` returned; the actors ``begin`` separately."""
        self.database.put_back(saved.rows)
        self.cloud.go_back(saved.cloud)
        self.clock.passed = saved.passed
        self.database.set_time()
        self.lapses = dict(saved.lapses)
        self.backup, self.backup_state = saved.backup, saved.backup_state
        self.restored, self.faults = saved.restored, saved.faults
        self.breaker.breakers = copy.deepcopy(saved.breakers)

    def blockers(self, actor: Actor) -> list[Actor]:
        """The actors whose locks this actor waits for."""
        pids = self.database.blockers(actor.pid)
        return [other for other in self.actors if other.pid in pids]

    # Time

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.passed += seconds
        self.database.set_time()

    def lapse(self, seconds: float) -> None:
        """Let time pass as a step of the schedule."""
        self.lapses[seconds] += 1
        self.pass_time(seconds)
        if seconds == LONG:
            self.cloud.late.clear()  # AWS refuses what was signed so long ago

    # What there is to do

    def work(self) -> bool:
        """Whether a worker would find something to do."""
        now = self.clock.now()
        outage = self.outage()
        for entry in self.database.rows()["mirror_ledgerentry"]:
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
        return any(row["ended_at"] is None for row in self.database.rows()["mirror_outage"])

    def waits_for(self, seconds: float) -> bool:
        """Whether anything in the ledger comes to an end within these seconds."""
        ends = [
            self.database.from_now(moment)
            for entry in self.database.rows()["mirror_ledgerentry"]
            for moment in (
                entry["sweep_at"],
                entry["next_attempt_at"],
                entry["claimed_until"],
                *entry["object_keys"].values(),
            )
        ]
        return any(isinstance(end, float) and 0 < end <= seconds for end in ends)

    def next_id(self) -> uuid.UUID:
        """Return the id of a claim: the same in every run of a schedule."""
        actor = actors.here()
        if actor is None:
            return uuid.uuid4()
        actor.claims += 1
        return uuid.UUID(int=(actor.number + 1) * 1000 + actor.claims)


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
