"""Mutants of the worker: timeouts, back-off, outages, batches, leases, locks and backfill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from weakref import WeakSet

from django.db import connection

from mirror import errors
from mirror.errors import Failure, Kind, StoreError
from mirror.models import LedgerEntry, LedgerQuerySet, Outage
from mirror.stores import aws_errors
from mirror.sync import backfill, engine, worker
from mirror.sync.attempt import Attempt
from mirror.sync.breaker import Breaker
from mirror.sync.budget import Budget, BudgetSpent
from mirror.sync.pipeline import Pipeline
from mirror.sync.worker import Worker
from tests.faults.mutants.patching import Change, replace
from tests.faults.mutants.protocol import update_waiting_for_locks


def call_with_a_millisecond(
    self: Attempt,
    store: str,
    partition: str,
    call: Callable[..., Any],
    /,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Wait for no answer longer than a millisecond; then give the row up."""
    try:
        return Budget(0.001).run(store, call, *args, **kwargs)
    except BudgetSpent:
        raise StoreError(Failure(Kind.REFUSED, "Timeout", store=store)) from None


def retry_after_one_second(
    self: Failure, attempts: int, *, chance: float | None = None
) -> timedelta:
    """Try again after a second, however often the attempt has failed."""
    return timedelta(seconds=1)


def watch_without_recovery(self: Worker) -> None:
    """Watch until the first error."""
    while not self.stop.is_set():
        self.mirror_due()
        worker._sleep(self.stop)


_claim_due = Worker._claim
_have_claimed = WeakSet[Worker]()


def claim_one_batch_only(self: Worker, pipeline: Pipeline) -> None:
    """Stop after the first batch."""
    if self not in _have_claimed:
        _have_claimed.add(self)
        _claim_due(self, pipeline)


def keep_leases(self: LedgerQuerySet, entries: Sequence[LedgerEntry]) -> set[int]:
    """Say that leases were renewed."""
    return {entry.pk for entry in entries}


_claim = LedgerQuerySet.claim


def claim_in_turn(self: LedgerQuerySet, limit: int, **_: Any) -> list[LedgerEntry]:
    """Ignore the requested order, so that every probe takes the same entry."""
    return _claim(self, limit)


def admit_without_reading_outages(self: Breaker, store: str) -> bool:
    """Believe that a store is out of reach because it was, without asking the database."""
    if store in self.open and not Outage.objects.take_probe(store):
        raise StoreError(Failure(Kind.UNREACHABLE, errors.OUT_OF_REACH, store=store))
    return store in self.open


_add_entries = backfill._add


def add_and_keep_lock_timeout(label: str, ids: list[str]) -> None:
    """Leave the lock timeout of the backfill set for the rest of the transaction."""
    _add_entries(label, ids)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '100ms'")


MUTANTS: dict[str, list[Change]] = {
    "worker gives up after a millisecond": [replace(Attempt, "_call", call_with_a_millisecond)],
    "back-off does not grow": [replace(Failure, "retry_after", retry_after_one_second)],
    "refusals treated as outages": [replace(aws_errors, "REFUSED", frozenset())],
    "refused removal given up": [replace(engine, "LONGEST_DELAY", None)],
    "watch ends at the first error": [replace(Worker, "watch", watch_without_recovery)],
    "one batch only": [replace(Worker, "_claim", claim_one_batch_only)],
    "every probe takes the same row": [replace(LedgerQuerySet, "claim", claim_in_turn)],
    "drain does not wait for a store": [replace(worker, "OUTAGE_RETRIES", 0)],
    "breaker does not read outages again": [
        replace(Breaker, "admit", admit_without_reading_outages)
    ],
    "lease not renewed": [replace(LedgerQuerySet, "renew", keep_leases)],
    "all entries locked at once": [
        replace(LedgerQuerySet, "update_unlocked", update_waiting_for_locks)
    ],
    "backfill leaves its lock timeout set": [replace(backfill, "_add", add_and_keep_lock_timeout)],
}
