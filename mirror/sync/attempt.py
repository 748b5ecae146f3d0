"""One attempt: the calls to the stores that carry a plan out, in the order that is safe.

The calls need no database connection, so as many attempts as the network needs can run at a time.
``carry_out`` never raises: ``error`` says how the attempt ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

from mirror.counters import timed_call
from mirror.documents.items import Item, is_tombstone, key_of, partition_of
from mirror.errors import OUT_OF_REACH, Failure, Kind, StoreError, Superseded
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import DYNAMODB
from mirror.stores.s3 import S3
from mirror.sync.breaker import Breaker
from mirror.sync.budget import Budget
from mirror.sync.plan import Plan

P = ParamSpec("P")
R = TypeVar("R")


class Attempt:
    """One attempt to mirror one entry."""

    def __init__(self, entry: LedgerEntry, breaker: Breaker) -> None:
        self.entry = entry
        self.breaker = breaker
        self.plan: Plan | None = None
        self.budget: Budget | None = None
        self.error: Exception | None = None
        self.uploaded: list[str] = []
        self.unsettled = False
        self._probes: set[str] = set()  # the stores that this attempt may ask in an outage

    def admit(self) -> None:
        """Ask the breaker before anything is recorded: what is never sent must leave no key.

        May ask the database, unlike the calls, and only once for each store, as the question may
        take the probe. Raises ``StoreError``.
        """
        assert self.plan is not None  # noqa: S101 - for the type checker: there is a plan by now
        for item in self.plan.items:
            self.breaker.admit_partition(DYNAMODB, partition_of(item))
        for key in self.plan.uploads:
            self.breaker.admit_partition(S3, key)
        if self.plan.items:
            self._admit(DYNAMODB)
        if self.plan.uploads:
            self._admit(S3)
        elif self.plan.removals:
            with suppress(StoreError):  # it comes last: the item is written all the same
                self._admit(S3)

    def carry_out(self, stores: Stores) -> None:
        """Upload, put, remove: an item never points at an object that is not there."""
        try:
            self._carry_out(stores)
        except Exception as error:  # noqa: BLE001 - the guard: whatever one row raises is that
            # row's; the engine notes it, by class and place, as messages quote data
            self.error = error

    def _carry_out(self, stores: Stores) -> None:
        assert self.plan is not None  # noqa: S101 - for the type checker
        for key, content in self.plan.uploads.items():
            self.uploaded.append(key)
            self._call(S3, key, stores.objects.put, key, content)
        for item in self.plan.items:
            self._put(stores, item)
        if removals := self.plan.removals:
            self._call(S3, removals[0], stores.objects.delete, *removals)

    def _put(self, stores: Stores, item: Item) -> None:
        """Put an item over what the ledger knows to be older, and over nothing else."""
        put = stores.items.put_tombstone if is_tombstone(item) else stores.items.put
        self._call(DYNAMODB, partition_of(item), put, item, self.entry.known(key_of(item)))

    def _admit(self, store: str) -> None:
        if self.breaker.admit(store):
            self._probes.add(store)

    def _call(
        self,
        store: str,
        partition: str,
        call: Callable[P, R],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Make one call to a store, if the lease, the breaker and the budget allow it."""
        if time.monotonic() > self.entry.lease_ends:
            # Another process may have the row. A failure, so that it is seen and other rows come
            # first: the next attempt may take as long.
            raise StoreError(Failure(Kind.BUSY, "LeaseTooShort", store=store))
        self.breaker.admit_partition(store, partition)
        if store in self.breaker.open and store not in self._probes:
            raise StoreError(Failure(Kind.UNREACHABLE, OUT_OF_REACH, store=store))
        try:
            with timed_call(store, self.entry.model):
                if self.budget is None:
                    result = call(*args, **kwargs)
                else:
                    result = self.budget.run(store, call, *args, **kwargs)
        except StoreError as error:
            self.breaker.failed(error.failure, partition)
            raise
        except Superseded:
            self.breaker.succeeded(store, partition)
            raise
        self.breaker.succeeded(store, partition)
        return result
