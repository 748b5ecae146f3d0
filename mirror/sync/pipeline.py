"""The pipeline: many attempts under way at a time.

Rows are read and noted on one thread, with one statement for many; AWS is asked on others, which
hold no database connection. What has ended is noted every tenth of a second at the latest, so a
slow answer holds up its own row and no other.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event
from types import TracebackType
from typing import Self

from django.db import connection

from mirror.errors import DATABASE_TROUBLE, ClaimLost
from mirror.models import LedgerEntry, claims
from mirror.stores.clients import Stores
from mirror.sync.attempt import Attempt
from mirror.sync.breaker import breaker
from mirror.sync.engine import Outcome, prepare, settle
from mirror.sync.reading import stored_sizes

THREADS = 32  # they hide latency; for more CPU run more processes
BATCH = 100  # entries that are claimed at once
UPLOADS = 32_000_000  # bytes of contents under way; beyond that, rows are read one by one
READ_AT_ONCE = 4_000_000  # bytes, as PostgreSQL compresses them: Python takes many times more
SETTLED_AFTER = 0.1  # seconds that an ended attempt waits for others, to be noted with them

Progress = Callable[[Outcome], object]


class Pipeline:
    """The attempts of one process. For use by one thread."""

    def __init__(self, *, stop: Event, progress: Progress) -> None:
        """Once ``stop`` is set, no attempt begins any more."""
        self._stop = stop
        self._progress = progress
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-worker")
        self._claimed: deque[tuple[LedgerEntry, Stores]] = deque()
        self._running: set[Attempt] = set()
        self._ended: SimpleQueue[Attempt | BaseException] = SimpleQueue()
        self._unsettled: list[Attempt] = []
        self._doubted = 0  # entries that may have caused trouble with the database

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown(wait=error is None, cancel_futures=True)
        if isinstance(error, Exception):
            if isinstance(error, DATABASE_TROUBLE):
                connection.close()
            with suppress(*DATABASE_TROUBLE):
                self._give_back()

    def is_busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._claimed or self._running or self._unsettled)

    @property
    def has_room(self) -> bool:
        """Whether more entries may be claimed."""
        return len(self._claimed) + len(self._running) < BATCH

    @property
    def has_room_for_changes(self) -> bool:
        """Whether more may be claimed that goes ahead of what a backfill has enqueued."""
        ahead = sum(not entry.backfill for entry, _ in self._claimed)
        return ahead + len(self._running) < BATCH

    @property
    def under_way(self) -> list[int]:
        """The entries that are in here, even if their leases are over."""
        attempts = [attempt.entry.pk for attempt in [*self._running, *self._unsettled]]
        return [*attempts, *(entry.pk for entry, _ in self._claimed)]

    def add(self, entries: Sequence[LedgerEntry], stores: Stores) -> None:
        """Take claimed entries in: ahead of those of a backfill, unless they are of one, too."""
        claimed = [*self._claimed, *((entry, stores) for entry in entries)]
        self._claimed = deque(sorted(claimed, key=lambda pair: pair[0].backfill))

    def advance(self, *, timeout: float) -> Counter[Outcome]:
        """Begin what can begin, wait for something to end, and note it; return the outcomes.

        Waits about ``timeout`` seconds for it. Raises ``DATABASE_TROUBLE``; call it again when the
        database answers.
        """
        if self._stop.is_set():
            self._give_back()
        self._renew_leases()
        if portion := self._size_of_portion(len(self._running)):
            self._begin_portion(portion)
        self._unsettled += self._wait(timeout)
        outcomes = dict(zip(self._unsettled, settle(self._unsettled, breaker), strict=True))
        self._unsettled = [attempt for attempt in outcomes if attempt.unsettled]
        settled = [outcome for attempt, outcome in outcomes.items() if not attempt.unsettled]
        for outcome in settled:
            self._progress(outcome)
        return Counter(settled)

    @property
    def _bytes_under_way(self) -> int:
        return sum(attempt.plan.size for attempt in self._running if attempt.plan)

    def _size_of_portion(self, running: int) -> int:
        """Return how many entries to read now, with so many attempts under way.

        Enough to be worth a statement, but no more than can begin soon: what waits unread can have
        its lease renewed.
        """
        room = THREADS * 3 // 2 - running
        if room < max(THREADS * 3 // 4, 1):
            return 0
        one_by_one = self._doubted or self._bytes_under_way > UPLOADS
        return min(1 if one_by_one else room, len(self._claimed))

    def _begin_portion(self, size: int) -> None:
        """Prepare entries and start their attempts.

        After trouble with the database the same entries are prepared one by one. Should one be
        the trouble itself, its lease is its back-off.
        """
        portion = [self._claimed.popleft() for _ in range(size)]
        try:
            if size > 1:
                portion = self._cut_to_memory(portion)
            attempts = prepare([entry for entry, _ in portion], breaker)
        except DATABASE_TROUBLE:
            if size == 1:
                self._doubted = max(self._doubted - 1, 0)
                raise
            connection.close()
            self._claimed.extendleft(reversed(portion))
            self._doubted = size
            return
        self._doubted = max(self._doubted - 1, 0)
        for attempt, (_, stores) in zip(attempts, portion, strict=True):
            if attempt.error is not None:
                self._unsettled.append(attempt)
            else:
                self._running.add(attempt)
                self._threads.submit(self._carry_out, attempt, stores)

    def _cut_to_memory(
        self, portion: list[tuple[LedgerEntry, Stores]]
    ) -> list[tuple[LedgerEntry, Stores]]:
        """Return the first of these entries whose rows fit in memory together; one at least."""
        sizes = stored_sizes([entry for entry, _ in portion])
        total, count = 0, 0
        for entry, _ in portion:
            total += sizes.get((entry.model, entry.object_id), 0)
            if count and total > READ_AT_ONCE:
                break
            count += 1
        self._claimed.extendleft(reversed(portion[count:]))
        return portion[:count]

    def _carry_out(self, attempt: Attempt, stores: Stores) -> None:
        try:
            if self._stop.is_set():
                attempt.error = ClaimLost()  # it is given back
            else:
                attempt.carry_out(stores)
        except BaseException as crash:  # noqa: BLE001 - raised again by the thread that waits
            self._ended.put(crash)
        else:
            self._ended.put(attempt)

    def _wait(self, timeout: float) -> list[Attempt]:
        """Return what has ended: as soon as one has, plus a short grace for others.

        The grace is cut short if threads would run out of work.
        """
        ended: list[Attempt] = []
        if any(attempt.unsettled for attempt in self._unsettled):  # somebody holds their rows
            timeout = min(timeout, SETTLED_AFTER)
            if not self._running:
                time.sleep(timeout)
        elif self._unsettled:
            timeout = 0.0
        until = time.monotonic() + timeout
        running = len(self._running)
        while len(ended) < running and not (ended and self._size_of_portion(running - len(ended))):
            try:
                attempt = self._ended.get(timeout=max(until - time.monotonic(), 0))
            except Empty:
                break
            if isinstance(attempt, BaseException):
                raise attempt
            if not ended:
                until = time.monotonic() + SETTLED_AFTER
            ended.append(attempt)
        self._running.difference_update(ended)
        return ended

    def _renew_leases(self) -> None:
        """Renew the leases of what has not been read, once they are half over.

        What has been read has recorded until when its uploads may land, and keeps its lease.
        """
        soon = time.monotonic() + claims.LEASE.total_seconds() / 2
        due = [entry for entry, _ in self._claimed if entry.lease_ends < soon]
        lost = {entry.pk for entry in due} - LedgerEntry.objects.renew(due)
        self._claimed = deque(pair for pair in self._claimed if pair[0].pk not in lost)

    def _give_back(self) -> None:
        """Give back what has not been read."""
        LedgerEntry.objects.release([entry for entry, _ in self._claimed])
        self._claimed.clear()
