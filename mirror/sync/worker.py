"""The worker: mirrors what is due, once (``mirror_sync``) or for good (``mirror_sync --watch``)."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event, Lock
from typing import ParamSpec

from django.db import connection
from django.db.models.functions import Now

from mirror.capture import CHANNEL
from mirror.errors import DATABASE_TROUBLE, StoreError
from mirror.models import PROBE_INTERVAL, Backlog, LedgerEntry, Outage
from mirror.stores.clients import Stores, background_clients
from mirror.stores.dynamodb import DYNAMODB
from mirror.sync.breaker import breaker
from mirror.sync.engine import Outcome, mirror_entry

logger = logging.getLogger("mirror")

THREADS = 6  # they hide latency; for more CPU run more processes
BATCH = 8  # entries that a thread claims at once: all are done long before the lease ends
SOON = 5.0  # seconds: a drain still waits for a back-off that ends within that
OUTAGE_RETRIES = 2  # how often a drain looks whether a store is back, a second apart
PATIENCE = 60.0  # seconds without progress: by then, claims of others have ended or expired
SOONEST = 0.5  # seconds: what is due but claimed or locked is not polled faster
# A probe is taken at random, from those that failed least of the next to come: a row that is itself
# the trouble must not be the probe each time.
LEAST_FAILED = "attempts, random()"
PROBE_CANDIDATES = 100
IDLE = 30.0  # seconds: the longest sleep of a watch, in case a notification is lost

P = ParamSpec("P")
Progress = Callable[[Outcome], object]


def _silent(_: Outcome) -> None:
    pass


@dataclass(frozen=True)
class Drained:
    """What a drain did, and what it left."""

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


class Worker:
    """One process's work on the ledger: how fast, until when, and whom to tell."""

    def __init__(
        self,
        *,
        stop: Event | None = None,
        rate: float | None = None,
        progress: Progress = _silent,
    ) -> None:
        """``rate`` bounds the rows a second; ``stop`` ends the work between two rows."""
        self.stop = stop or Event()
        self.progress = progress
        self._pause = 1 / rate if rate else 0.0
        self._batch = 1 if rate else BATCH  # a row that has to wait for its turn is not claimed
        self._next = 0.0
        self._pacing = Lock()
        self._database_silent = False
        self._running: set[Future[Counter[Outcome]]] = set()

    def drain(self) -> Drained:
        """Mirror everything that is owed, including what is in back-off or claimed by others."""
        entries = LedgerEntry.objects.registered()
        entries.make_due_now()
        breaker.end_rests()
        Outage.objects.open().update(probe_at=Now())
        done: Counter[Outcome] = Counter()
        retries = OUTAGE_RETRIES
        idle_since = time.monotonic()
        while not self.stop.is_set():
            worked = self.mirror_due()
            done += worked
            if _made_progress(worked):
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
                entries.make_due_now()
            elif wait > SOON:
                break
            self.stop.wait(wait)
        return Drained(done[Outcome.MIRRORED], entries.backlog(), frozenset(breaker.open))

    def watch(self) -> None:
        """Mirror each change as it comes, until told to stop.

        Survives a lost database, a schema that is not the code's (a deploy under way), and a time
        without credentials. Raises ``StoreError`` if the clients cannot be made at the start.
        """
        background_clients()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-worker") as threads:
            while not self.stop.is_set():
                try:
                    _listen()
                    while not self.stop.is_set():
                        self._start_due(threads)
                        self._database_answered()
                        _sleep(self.stop)
                except DATABASE_TROUBLE as error:
                    self._database_failed(error)
                    connection.close()
                    self.stop.wait(1)
                except StoreError as error:
                    breaker.failed(error.failure)
                    self.stop.wait(PROBE_INTERVAL.total_seconds())

    def _start_due(self, threads: ThreadPoolExecutor) -> None:
        """Let the threads mirror what is due, and wait for none of them.

        So one slow answer holds up its own row and no other.
        """
        breaker.refresh()
        if breaker.open and not self._running:
            self._running.add(threads.submit(self._in_thread, self._probe))
        while not self.stop.is_set() and self._collect() and DYNAMODB not in breaker.open:
            if len(self._running) == THREADS:
                wait(self._running, timeout=1, return_when=FIRST_COMPLETED)
                continue
            stores = background_clients()
            entries = LedgerEntry.objects.due().claim(self._batch)
            if not entries:
                return
            self._running.add(threads.submit(self._in_thread, self._mirror, entries, stores))

    def _collect(self) -> bool:
        """Take in the batches that have ended; false if one of them came to nothing.

        Raises what it raised.
        """
        ended = {batch for batch in self._running if batch.done()}
        self._running -= ended
        return all(_made_progress(batch.result()) for batch in ended)

    def _database_failed(self, error: Exception) -> None:
        if not self._database_silent:
            self._database_silent = True
            # By class: the driver's message names hosts and quotes data.
            logger.error(
                "PostgreSQL does not answer the worker (%s). It tries again every second.",
                type(error.__cause__ or error).__name__,
            )

    def _database_answered(self) -> None:
        if self._database_silent:
            self._database_silent = False
            logger.warning("PostgreSQL answers the worker again.")

    def mirror_due(self) -> Counter[Outcome]:
        """Mirror what is due now, and return how the attempts ended."""
        breaker.refresh()
        if breaker.open:
            return self._probe()
        done = self._mirror_batch()
        if done.total() == self._batch:  # a full batch: there is more
            with ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-worker") as threads:
                runs = [
                    threads.submit(self._in_thread, self._mirror_batches) for _ in range(THREADS)
                ]
            for run in runs:
                done += run.result()
        return done

    def _in_thread(
        self, work: Callable[P, Counter[Outcome]], *args: P.args, **kwargs: P.kwargs
    ) -> Counter[Outcome]:
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    def _probe(self) -> Counter[Outcome]:
        """While a store is out of reach: try one entry, and go on once the store is back."""
        done: Counter[Outcome] = Counter()
        if Outage.objects.open().filter(probe_at__lte=Now()).exists():
            stores = background_clients()
            pending = LedgerEntry.objects.pending()
            probe = pending.claim(1, order=LEAST_FAILED, candidates=PROBE_CANDIDATES)
            probe = probe or LedgerEntry.objects.due().claim(1)
            done += self._mirror(probe, stores)
        if DYNAMODB not in breaker.open:
            done += self._mirror_batches()
        return done

    def _mirror_batches(self) -> Counter[Outcome]:
        """Mirror batch after batch, until nothing is due or DynamoDB is out of reach."""
        done: Counter[Outcome] = Counter()
        while not self.stop.is_set():
            batch = self._mirror_batch()
            done += batch
            if not _made_progress(batch) or DYNAMODB in breaker.open:
                break
        return done

    def _mirror_batch(self) -> Counter[Outcome]:
        stores = background_clients()  # before the claim: a failure here must leave no claim behind
        return self._mirror(LedgerEntry.objects.due().claim(self._batch), stores)

    def _mirror(self, entries: list[LedgerEntry], stores: Stores) -> Counter[Outcome]:
        done: Counter[Outcome] = Counter()
        for entry in entries:
            self._wait_for_turn()
            if self.stop.is_set():
                entry.release()
                continue
            if not entry.renew():  # its turn came late, and another process has it by now
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


def drain() -> Drained:
    """Mirror everything that is owed; see ``Worker.drain``."""
    return Worker().drain()


def mirror_due() -> Counter[Outcome]:
    """Mirror what is due now; see ``Worker.mirror_due``."""
    return Worker().mirror_due()


def _made_progress(outcomes: Counter[Outcome]) -> bool:
    """Whether any attempt came to a result of its own, even if that is a failure."""
    return bool(outcomes.keys() & {Outcome.MIRRORED, Outcome.FAILED, Outcome.PARKED})


def _seconds_until_due() -> float | None:
    """Return when there is something to do again, at the earliest; None if nothing is owed."""
    wait = LedgerEntry.objects.due_in()
    return None if wait is None else max(wait.total_seconds(), SOONEST)


def _listen() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")


def _sleep(stop: Event) -> None:
    """Sleep until a change is notified, something is due again, or ``stop`` is set."""
    if breaker.open:  # whatever is due has to wait for a probe
        seconds = PROBE_INTERVAL.total_seconds()
    else:
        seconds = min(_seconds_until_due() or IDLE, IDLE)
    wake = time.monotonic() + seconds
    while not stop.is_set() and (left := wake - time.monotonic()) > 0:
        # A second at most, so that a signal to stop is noticed.
        with connection.wrap_database_errors:
            notified = list(connection.connection.notifies(timeout=min(left, 1), stop_after=1))
        if notified:
            return
