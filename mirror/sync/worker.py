"""Draining the ledger: once (``mirror_sync``), or for good (``mirror_sync --watch``)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Lock

from django.db import InterfaceError, OperationalError, connection
from django.db.models import F, Min, Q
from django.db.models.functions import Greatest, Now

from mirror.capture import CHANNEL
from mirror.documents.registry import labels
from mirror.errors import SinkError
from mirror.models import (
    OWED,
    PROBE_INTERVAL,
    Backlog,
    LedgerEntry,
    LedgerQuerySet,
    Outage,
)
from mirror.stores.clients import Sinks, patient_sinks
from mirror.stores.dynamodb import DYNAMODB
from mirror.sync.breaker import breaker
from mirror.sync.engine import STRAY, Outcome, mirror_entry

THREADS = 6  # they hide latency; for more CPU run more processes
BATCH = 8  # entries that a thread claims at once: all are done long before the lease ends
SOON = 5.0  # seconds: a back-off that a single run still waits for
OUTAGE_RETRIES = 2  # how often a single run looks whether a store is back, a second apart
PATIENCE = 60.0  # seconds without progress: claims of others have ended or expired by then
SOONEST = 0.5  # seconds: what is due but claimed or locked is not asked for all the time
IDLE = 30.0  # seconds: the longest sleep of a watch, should a notification be lost

Progress = Callable[[Outcome], object]


def _silent(_: Outcome) -> None:
    pass


@dataclass(frozen=True)
class Drained:
    """What one run did, and what it left."""

    mirrored: int
    backlog: Backlog
    outages: frozenset[str]

    @property
    def complete(self) -> bool:
        """Whether nothing is owed any more."""
        return not (self.backlog.pending or self.backlog.parked)

    @property
    def helpless(self) -> bool:
        """Whether a store was out of reach and nothing could be done at all."""
        return bool(self.outages) and not self.mirrored and not self.complete


def ours() -> LedgerQuerySet:
    """Return the entries of all registered models, and of what was found to belong to none."""
    return LedgerEntry.objects.filter(model__in=[*labels(), STRAY])


class Drain:
    """One process's work on the ledger: how fast, until when, and who is told."""

    def __init__(
        self,
        *,
        stop: Event | None = None,
        rate: float | None = None,
        progress: Progress = _silent,
    ) -> None:
        """``rate`` bounds the objects a second; ``stop`` ends the work between two objects."""
        self.stop = stop or Event()
        self.progress = progress
        self._pause = 1 / rate if rate else 0.0
        self._batch = 1 if rate else BATCH  # what waits for its turn is not claimed yet
        self._next = 0.0
        self._pacing = Lock()

    def sync(self) -> Drained:
        """Mirror everything that is owed, what is in back-off or claimed by others included."""
        ours().hasten()
        Outage.objects.open().update(probe_at=Now())
        done: Counter[Outcome] = Counter()
        retries = OUTAGE_RETRIES
        idle_since = time.monotonic()
        while not self.stop.is_set():
            worked = self.work_off()
            done += worked
            if worked.keys() - {Outcome.LEFT}:
                idle_since = time.monotonic()
            if worked[Outcome.MIRRORED]:
                retries = OUTAGE_RETRIES
            wait = _seconds_until_due()
            if wait is None or time.monotonic() - idle_since > PATIENCE:
                break
            if breaker.open:
                if not retries:
                    break
                retries -= 1
                wait = 1
                Outage.objects.open().update(probe_at=Now())
                ours().hasten()
            elif wait > SOON:
                break
            self.stop.wait(wait)
        return Drained(done[Outcome.MIRRORED], ours().backlog(), frozenset(breaker.open))

    def watch(self) -> None:
        """Mirror what is owed as it comes, until told to stop.

        Survives a lost database, and credentials that cannot be had for a while. Raises
        ``SinkError`` where it cannot begin.
        """
        patient_sinks()
        while not self.stop.is_set():
            try:
                _listen()
                while not self.stop.is_set():
                    self.work_off()
                    _sleep(self.stop)
            except (InterfaceError, OperationalError):
                connection.close()
                self.stop.wait(1)
            except SinkError as error:
                breaker.failed(error.failure)
                self.stop.wait(PROBE_INTERVAL.total_seconds())

    def work_off(self) -> Counter[Outcome]:
        """Mirror what is due now, and return how the attempts ended."""
        breaker.refresh()
        if breaker.open:
            return self._probe()
        done = self._claim_and_mirror(rounds=1)
        if done.total() == self._batch:  # a full batch: there is more
            with ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-drain") as threads:
                runs = [threads.submit(self._in_thread) for _ in range(THREADS)]
            for run in runs:
                done += run.result()
        return done

    def _in_thread(self) -> Counter[Outcome]:
        try:
            return self._claim_and_mirror()
        finally:
            connection.close()

    def _probe(self) -> Counter[Outcome]:
        """While a store is out of reach: try one entry, and go on where it has come back."""
        done: Counter[Outcome] = Counter()
        if Outage.objects.open().filter(probe_at__lte=Now()).exists():
            stores = patient_sinks()
            pending, due = ours().pending(), ours().due()
            # By chance, among those that failed least: an object that is itself the trouble must
            # not be the probe each time.
            done += self._mirror(pending.claim(1, order=("attempts", "?")) or due.claim(1), stores)
        if DYNAMODB not in breaker.open:
            done += self._claim_and_mirror()
        return done

    def _claim_and_mirror(self, rounds: int | None = None) -> Counter[Outcome]:
        """Claim batch after batch, until nothing is due or DynamoDB is out of reach."""
        done: Counter[Outcome] = Counter()
        while not self.stop.is_set() and (rounds is None or rounds > 0):
            stores = patient_sinks()  # before the claim: what fails here must leave none behind
            entries = ours().due().claim(self._batch)
            worked = self._mirror(entries, stores)
            done += worked
            if not worked.keys() - {Outcome.LEFT} or DYNAMODB in breaker.open:
                break
            rounds = rounds and rounds - 1
        return done

    def _mirror(self, entries: list[LedgerEntry], stores: Sinks) -> Counter[Outcome]:
        done: Counter[Outcome] = Counter()
        for entry in entries:
            self._wait_for_turn()
            if self.stop.is_set():
                entry.release()
                continue
            if not entry.renew():  # its turn came late, and somebody else has it by now
                continue
            outcome = mirror_entry(entry, stores, breaker)
            self.progress(outcome)
            done[outcome] += 1
        return done

    def _wait_for_turn(self) -> None:
        """Keep to the rate, all threads together."""
        if self._pause:
            with self._pacing:
                turn = max(self._next, time.monotonic())
                self._next = turn + self._pause
            self.stop.wait(turn - time.monotonic())


def sync() -> Drained:
    """Mirror everything that is owed; see ``Drain.sync``."""
    return Drain().sync()


def work_off() -> Counter[Outcome]:
    """Mirror what is due now; see ``Drain.work_off``."""
    return Drain().work_off()


def _seconds_until_due() -> float | None:
    """Return when there is something to do again, at the earliest; None where nothing is owed."""
    retry, sweep = F("next_attempt_at"), Greatest("sweep_at", "next_attempt_at")
    waits = ours().aggregate(
        retry=Min(retry - Now(), filter=OWED & Q(parked_at=None)),
        sweep=Min(sweep - Now(), filter=Q(sweep_at__isnull=False, parked_at=None)),
    )
    due = [wait.total_seconds() for wait in waits.values() if wait is not None]
    return max(min(due), SOONEST) if due else None


def _listen() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")


def _sleep(stop: Event) -> None:
    """Sleep until a change is notified, something is due again, or ``stop`` is set."""
    if breaker.open:  # what is due has to wait for a probe
        seconds = PROBE_INTERVAL.total_seconds()
    else:
        seconds = min(_seconds_until_due() or IDLE, IDLE)
    wake = time.monotonic() + seconds
    while not stop.is_set() and (left := wake - time.monotonic()) > 0:
        # A second at most, so that a signal to stop is heard.
        with connection.wrap_database_errors:
            notified = list(connection.connection.notifies(timeout=min(left, 1), stop_after=1))
        if notified:
            return
