"""The worker: mirrors what is due, once (``mirror_sync``) or for good (``mirror_sync --watch``)."""

from __future__ import annotations

import logging
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from threading import Event

from django.db import connection
from django.db.models.functions import Now

from mirror.errors import DATABASE_TROUBLE, StoreError
from mirror.models import PROBE_INTERVAL, Backlog, LedgerEntry, Outage, Pulse
from mirror.stores.clients import background_clients
from mirror.stores.dynamodb import DYNAMODB
from mirror.sync import alerts
from mirror.sync.breaker import breaker
from mirror.sync.engine import Outcome
from mirror.sync.pipeline import BATCH, Pipeline, Progress
from mirror.sync.requested_checks import RequestedChecks

logger = logging.getLogger("mirror")

SOON = 5.0  # seconds: a drain still waits for a back-off that ends within that
OUTAGE_RETRIES = 2  # how often a drain looks whether a store is back, a second apart
PATIENCE = 60.0  # seconds without progress: by then, claims of others have ended or expired
SOONEST = 0.15  # seconds: what is due but claimed or locked is not polled faster
# A probe is taken at random, from those that failed least of the next to come: a row that is itself
# the trouble must not be the probe each time.
LEAST_FAILED = "attempts, random()"
PROBE_CANDIDATES = 100
POLL = 0.15  # seconds: what is due is claimed that often at least


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
        progress: Progress = bool,
    ) -> None:
        """``rate`` bounds the rows a second. After ``stop``, only what has begun is finished."""
        self.stop = stop or Event()
        self.progress = progress
        self._pause = 1 / rate if rate else 0.0
        self._next = 0.0
        self._look_at = 0.0  # no look before for what people changed during a backfill
        self._begin_at = 0.0  # no claims before: there are no clients
        self._probe_at = 0.0  # no probe of this process before
        self._alerts_at = 0.0  # no look before for what somebody has to be told
        self._database_silent = False
        self._pulse = Pulse()
        self._checks = RequestedChecks()

    def drain(self) -> Drained:
        """Mirror everything that is owed, including what is in back-off or claimed by others."""
        entries = LedgerEntry.objects.registered()
        entries.make_due_now()
        breaker.end_rests()
        self._probe_soon()
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
                self._probe_soon()
                entries.make_due_now()
            elif wait > SOON:
                break
            self.stop.wait(wait)
        Outage.objects.settle()
        return Drained(done[Outcome.MIRRORED], entries.backlog(), frozenset(breaker.open))

    def watch(self) -> None:
        """Mirror each change as it comes, until told to stop.

        Survives a lost database, a schema that is not the code's (a deploy under way), and a time
        without credentials. Raises ``StoreError`` if the clients cannot be made at the start.
        """
        background_clients()
        try:
            self._watch()
        finally:
            self._checks.stop()

    def _watch(self) -> None:
        with self._pipeline() as pipeline:
            while not self.stop.is_set():
                try:
                    if self._pulse.beat():
                        Outage.objects.settle()
                        self._checks.tend()
                    self._look_for_alerts()
                    self._mirror_or_sleep(pipeline)
                    self._database_answered()
                except DATABASE_TROUBLE as error:
                    self._database_failed(error)
                    connection.close()
                    self.stop.wait(1)
            with suppress(*DATABASE_TROUBLE):  # what is under way is left to its lease
                while pipeline.is_busy():
                    pipeline.advance(timeout=1)
        self._pulse.end()

    def _look_for_alerts(self) -> None:
        if time.monotonic() >= self._alerts_at:
            self._alerts_at = time.monotonic() + alerts.INTERVAL
            alerts.look()

    def _mirror_or_sleep(self, pipeline: Pipeline) -> None:
        """Claim what is due and take in what has ended; sleep if there is neither."""
        breaker.refresh()
        if not breaker.open and not pipeline.is_busy() and self._next - time.monotonic() > SOON:
            self.stop.wait(SOON)  # the next turn is far: the heartbeat goes on meanwhile
            return
        try:
            self._begin(pipeline)
        except StoreError as error:  # the clients could not be made
            breaker.failed(error.failure)
            breaker.report()
            self._begin_at = time.monotonic() + PROBE_INTERVAL.total_seconds()
        if not pipeline.is_busy():
            _sleep(self.stop)
            return
        outcomes = pipeline.advance(timeout=self._timeout())
        if outcomes and not _made_progress(outcomes) and not pipeline.is_busy():
            self.stop.wait(SOONEST)

    def _begin(self, pipeline: Pipeline) -> None:
        """Claim what is due; in an outage, what finds out whether it is over."""
        if time.monotonic() < self._begin_at:
            return
        if breaker.open and not pipeline.is_busy():
            self._probe(pipeline)
        self._claim(pipeline)

    def _timeout(self) -> float:
        """How long to wait for attempts to end, before something may be claimed.

        A turn that has come already found nothing to claim, and does not shorten the wait.
        """
        wait = self._next - time.monotonic()
        return min(POLL, wait) if wait > 0 else POLL

    def _database_failed(self, error: Exception) -> None:
        if not self._database_silent:
            self._database_silent = True
            # By class: the driver's message names hosts and quotes data.
            logger.error(
                "PostgreSQL does not answer (%s). The worker tries again every second.",
                type(error.__cause__ or error).__name__,
            )

    def _database_answered(self) -> None:
        if self._database_silent:
            self._database_silent = False
            logger.warning("PostgreSQL answers again.")

    def mirror_due(self) -> Counter[Outcome]:
        """Mirror what is due now, and return how the attempts ended."""
        breaker.refresh()
        done: Counter[Outcome] = Counter()
        without_clients: StoreError | None = None
        with self._pipeline() as pipeline:
            if breaker.open:
                self._probe(pipeline)
            progress = True
            while True:
                try:
                    if progress:
                        self._claim(pipeline)
                except StoreError as error:
                    without_clients, progress = error, False
                if not pipeline.is_busy():
                    break
                outcomes = pipeline.advance(timeout=self._timeout())
                done += outcomes
                if outcomes and not pipeline.is_busy():
                    progress = progress and _made_progress(outcomes)
                breaker.refresh()
        if without_clients:
            raise without_clients
        return done

    def _pipeline(self) -> Pipeline:
        return Pipeline(stop=self.stop, progress=self.progress)

    def _claim(self, pipeline: Pipeline) -> None:
        """Claim entries that are due, if there is room for them; or else what people changed."""
        if self.stop.is_set() or DYNAMODB in breaker.open:
            return
        due = LedgerEntry.objects.due().exclude(pk__in=pipeline.under_way)
        if not pipeline.has_room:
            if time.monotonic() < self._look_at or not pipeline.has_room_for_changes:
                return
            due = due.filter(backfill=False)
        self._look_at = time.monotonic() + POLL
        stores = background_clients()  # before the claim: a failure here must leave no claim behind
        # A row that has to wait for its turn is not claimed.
        limit = BATCH if not self._pause else self._turns(pipeline) if due.any_known() else 0
        if limit:
            claimed = due.claim(limit)
            if claimed:
                self._pulse.claimed(claimed[0].claimed_at)
            pipeline.add(claimed, stores)

    def _probe(self, pipeline: Pipeline) -> None:
        """While a store is out of reach: try one entry, and no other for some seconds."""
        if time.monotonic() < self._probe_at:
            return
        if Outage.objects.open().filter(probe_at__lte=Now()).exists():
            self._probe_at = time.monotonic() + PROBE_INTERVAL.total_seconds()
            stores = background_clients()
            pending = LedgerEntry.objects.pending()
            probe = pending.claim(1, order=LEAST_FAILED, candidates=PROBE_CANDIDATES)
            pipeline.add(probe or LedgerEntry.objects.due().claim(1), stores)

    def _probe_soon(self) -> None:
        """Let the next probe be sent at once: somebody wants to know."""
        self._probe_at = 0.0
        Outage.objects.open().update(probe_at=Now())

    def _turns(self, pipeline: Pipeline) -> int:
        """Return how many rows may be claimed at this rate, those of a second at most.

        Waits for the next turn, but not while attempts are under way.
        """
        wait = self._next - time.monotonic()
        if wait > 0:
            if pipeline.is_busy():
                return 0
            self.stop.wait(wait)
        turns = min(1 + int(max(-wait, 0.0) / self._pause), max(int(1 / self._pause), 1))
        self._next = max(self._next, time.monotonic() - 1, 0.0) + turns * self._pause
        return turns


def drain() -> Drained:
    """Mirror everything that is owed; see ``Worker.drain``."""
    return Worker().drain()


def mirror_due() -> Counter[Outcome]:
    """Mirror what is due now; see ``Worker.mirror_due``."""
    return Worker().mirror_due()


def _made_progress(outcomes: Counter[Outcome]) -> bool:
    """Whether any attempt came to a result of its own, even if that is a failure."""
    own = {Outcome.MIRRORED, Outcome.SWEPT, Outcome.FAILED, Outcome.PARKED}
    return bool(outcomes.keys() & own)


def _seconds_until_due() -> float | None:
    """Return when there is something to do again, at the earliest; None if nothing is owed."""
    wait = LedgerEntry.objects.due_in()
    return None if wait is None else max(wait.total_seconds(), SOONEST)


def _sleep(stop: Event) -> None:
    """Sleep until it is time to look for changes again, or ``stop`` is set."""
    # In an outage, whatever is due has to wait for a probe.
    stop.wait(PROBE_INTERVAL.total_seconds() if breaker.open else POLL)
