"""A circuit breaker for each store, shared by all processes through the database.

While a store is out of reach, only one probe at a time waits for it, and the log says so once. The
worker sends the probes, never a person's request. A store that is busy for one partition alone is
not out of reach: that partition rests, and the others go on.
"""

import logging
import time
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass

from mirror.errors import OUT_OF_REACH, PARTITION_BUSY, Failure, Kind, StoreError
from mirror.models import LedgerEntry, Outage

logger = logging.getLogger("mirror")

BUSY_PARTITIONS = 3  # so many partitions busy in a row, without one success, are an outage
FIRST_REST = 0.5  # seconds that a busy partition is left alone; doubled each time
LONGEST_REST = 30.0
REMEMBERED = 10_000  # partitions; more than that are throttled for a reason that is not theirs


@dataclass
class Rest:
    """A partition that is left alone ``until`` (by the monotonic clock)."""

    until: float
    seconds: float


class Breaker:
    """Admits calls to the stores and learns from how they end. One for each process.

    A ``partition`` is what a store throttles by itself: a partition key of DynamoDB, a key of S3.
    """

    def __init__(self) -> None:
        self.open: set[str] = set()
        self._refused: set[str] = set()  # where the probe is taken, until the next ``refresh``
        self._reports: deque[tuple[str, Failure | None]] = deque()
        self._busy: defaultdict[str, set[str]] = defaultdict(set)
        self._resting: dict[tuple[str, str], Rest] = {}

    def end_rests(self) -> None:
        """Ask busy partitions again at once: somebody wants to know."""
        self._resting.clear()

    def refresh(self) -> None:
        """Report what this process has found, and read what others have."""
        self.report()
        self._refused.clear()
        self.open = set(Outage.objects.open().values_list("store", flat=True))

    def admit_partition(self, store: str, partition: str) -> None:
        """Raise ``StoreError`` if the partition was busy a moment ago and is left alone."""
        rest = self._resting.get((store, partition))
        if rest is not None and rest.until > time.monotonic():
            raise StoreError(Failure(Kind.BUSY, PARTITION_BUSY, store=store))

    def admit(self, store: str) -> bool:
        """Whether the caller is the probe that finds out whether ``store`` is back.

        False if the store is not out of reach. Raises ``StoreError`` if it is, and the probe is
        taken.
        """
        if store not in self.open:
            return False
        if store not in self._refused and Outage.objects.take_probe(store):
            return True
        if store in self._refused or Outage.objects.open().filter(store=store).exists():
            self._refused.add(store)
            raise StoreError(Failure(Kind.UNREACHABLE, OUT_OF_REACH, store=store))
        self.open.discard(store)  # another process has found that it is back
        return False

    def failed(self, failure: Failure, partition: str = "") -> None:
        """Note a failed call; the first sign of an outage stops all calls to the store."""
        store = failure.store
        if failure.kind is Kind.BUSY:
            self._busy[store].add(partition)
            self._let_rest(store, partition)
        lasting = failure.kind is Kind.UNREACHABLE or len(self._busy[store]) >= BUSY_PARTITIONS
        if lasting:
            self.open.add(store)
            self._reports.append((store, failure))

    def succeeded(self, store: str, partition: str = "") -> None:
        """Note a call that worked."""
        self._busy[store].clear()
        self._resting.pop((store, partition), None)
        if store in self.open:
            self.open.discard(store)
            self._reports.append((store, None))

    def report(self) -> None:
        """Tell the other processes, and the log, which outages have begun and ended, once each.

        For the thread that holds the database connection; calls are made on others.
        """
        with suppress(IndexError):
            while True:
                store, failure = self._reports.popleft()
                _begin(store, failure) if failure else _end(store)

    def _let_rest(self, store: str, partition: str) -> None:
        if len(self._resting) >= REMEMBERED:
            self._resting.clear()
        before = self._resting.get((store, partition))
        if before and before.until > time.monotonic():
            return  # one of several calls that were under way together
        seconds = min(2 * before.seconds, LONGEST_REST) if before else FIRST_REST
        self._resting[store, partition] = Rest(time.monotonic() + seconds, seconds)


def _begin(store: str, failure: Failure) -> None:
    if Outage.objects.begin(store, failure):
        logger.error(
            "%s is out of reach (%s). Nothing is lost: changes stay pending until it is back.",
            store,
            failure.code or failure.error_class,
        )


def _end(store: str) -> None:
    pending = Outage.objects.end(store)
    if pending is None:
        return
    untried = (
        LedgerEntry.objects.pending()
        .waiting()
        .filter(error_class__in=[OUT_OF_REACH, PARTITION_BUSY])
    )
    untried.reset_attempts()
    if pending:
        logger.warning("%s is back. Mirroring goes on. Changes pending: %d.", store, pending)
    else:
        logger.warning("%s is back.", store)


breaker = Breaker()
