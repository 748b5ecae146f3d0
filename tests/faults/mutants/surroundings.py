"""Engines without what surrounds the protocol: capture, guards, breaker, budget, drain, check."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from unittest import mock

from django.db import connection

from mirror import errors
from mirror.documents import items
from mirror.documents.document import Document
from mirror.documents.items import REVISION, Item, ItemKey
from mirror.errors import Failure, Kind, StoreError
from mirror.models import LedgerEntry, LedgerQuerySet, Outage
from mirror.stores import aws_errors, clients
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import ItemStore
from mirror.stores.s3 import Listed, ObjectStore
from mirror.sync import backfill, dispatch, engine, worker
from mirror.sync.breaker import Breaker
from mirror.sync.budget import Budget
from mirror.sync.engine import Attempt, Outcome
from mirror.sync.worker import Worker
from mirror.verify import orphans
from mirror.verify.findings import Finding
from tests.faults.mutants.patching import Change, instead
from tests.faults.mutants.protocol import update_waiting_for_locks

# Capture


@contextmanager
def insert_without_upsert() -> Iterator[None]:
    """Let the trigger insert where somebody else may have inserted meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'pgtrigger_mirror_%'"
        )
        definitions = [row[0] for row in cursor.fetchall()]
        assert definitions
        for text in definitions:
            cursor.execute(re.sub(r"ON CONFLICT[^;]*", "", text))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for text in definitions:
                cursor.execute(text)


# Hand-off


class AtOnce:
    """In the place of ``transaction``: asks AWS in the middle of one."""

    @staticmethod
    def on_commit(deliver: Callable[[], object], using: str) -> None:
        """Wait for nothing."""
        deliver()


def always_inline(name: str) -> Any:
    """Read no setting."""
    return {"ENABLED": True, "DISPATCH": "inline"}[name]


def dispatch_nothing(label: str, object_id: str) -> None:
    """Leave everything to a worker."""


def mirror_unguarded(entry: LedgerEntry, *arguments: Any) -> Outcome:
    """Let whatever goes wrong through."""
    padded = [*arguments, None][:3]
    return Outcome.MIRRORED if Attempt(entry, *padded).run() else Outcome.OVERTAKEN


# Breaker and budget


def never_open(self: Breaker, failure: Failure) -> None:
    """Learn nothing from what fails."""


_run = Budget.run


def run_without_spending(self: Budget, *arguments: Any, **options: Any) -> Any:
    """Give each call the whole budget."""
    left = self.left
    try:
        return _run(self, *arguments, **options)
    finally:
        self.left = left


def run_in_a_moment(
    self: Attempt, store: str, call: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Any:
    """Wait for no answer longer than a very impatient person would."""
    return Budget(0.001).run(store, call, *args, **kwargs)


def one_second_always(self: Failure, attempts: int, *, chance: float | None = None) -> timedelta:
    """Try again after a second, however often it failed."""
    return timedelta(seconds=1)


# Worker


def watch_once(self: Worker) -> None:
    """End where the connection is lost."""
    worker._listen()
    while not self.stop.is_set():
        self.mirror_due()
        worker._sleep(self.stop)


def one_batch_only(self: Worker) -> Counter[Outcome]:
    """Do not look whether there is more."""
    self.stop.set()
    return self._mirror(
        LedgerEntry.objects.registered().due().claim(worker.BATCH),
        clients.background_clients(),
    )


_claim = LedgerQuerySet.claim


def claim_in_turn(self: LedgerQuerySet, limit: int, **_: Any) -> list[LedgerEntry]:
    """Take the same entry first each time."""
    return _claim(self, limit)


_backfill_add = backfill._add


def add_with_a_limit(new: list[LedgerEntry]) -> None:
    """Leave the time limit to whatever comes next."""
    _backfill_add(new)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '100ms'")


def admit_by_memory(self: Breaker, store: str) -> None:
    """Believe that a store is out of reach because it was."""
    if store in self.open and not Outage.objects.take_probe(store):
        raise StoreError(Failure(Kind.UNREACHABLE, errors.OUT_OF_REACH, store=store))


def make_clients_at_once(
    self: Budget, store: str, call: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """Let nobody learn from clients that cannot be made."""
    if call is clients.inline_clients:
        try:
            return call()
        except StoreError:
            raise RuntimeError from None
    return _run(self, store, call, *args, **kwargs)


# Check


def delete_by_its_proper_name(self: ObjectStore, key: str) -> None:
    """Tidy the name up first."""
    self.storage.delete(key)


def revision_of_digits(item: Item) -> int:
    """Read nothing but digits."""
    text = item.get(REVISION, {}).get("N", "0")
    return int(text) if text.isdigit() else 0


def belongs_to_nobody(key: ItemKey, label: str, object_id: str) -> bool:
    """Believe what an item says of itself."""
    return False


def name_strays_by_an_older_ledger(
    document: type[Document], listed: Sequence[Listed], ways: Stores
) -> set[Finding]:
    """Ask the ledger before the rows."""
    ids = {orphans.row_id_of(each.key) for each in listed}
    pending = LedgerEntry.objects.pending().filter(object_id__in=ids).exists()
    with mock.patch.object(LedgerEntry, "state", "pending" if pending else "mirrored"):
        return _name_stray_objects(document, listed, ways)


_name_stray_objects = orphans.find_orphaned_objects


def blind(method: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """Take what cannot be read for the end."""

    def read(*arguments: Any, **options: Any) -> Iterator[Any]:
        with suppress(StoreError):
            yield from method(*arguments, **options)

    return read


def blind_to(method: Callable[..., Any], nothing: Any) -> Callable[..., Any]:
    """Take what cannot be read for nothing."""

    def read(*arguments: Any, **options: Any) -> Any:
        with suppress(StoreError):
            return method(*arguments, **options)
        return nothing

    return read


NO_GUARD: list[Change] = [
    instead(dispatch, "_dispatch", dispatch._mirror_inline),
    instead(dispatch, "mirror_entry", mirror_unguarded),
    instead(worker, "mirror_entry", mirror_unguarded),
]

MUTANTS: dict[str, list[Change]] = {
    "a trigger that inserts without upsert": [insert_without_upsert],
    "dispatched before the commit": [
        instead(dispatch, "transaction", AtOnce),
        instead(dispatch, "setting", always_inline),
    ],
    "nothing dispatched": [instead(dispatch, "_dispatch", dispatch_nothing)],
    "no guard": NO_GUARD,
    "no breaker": [instead(Breaker, "failed", never_open)],
    "neither breaker nor budget": [
        instead(Breaker, "failed", never_open),
        instead(Budget, "run", run_without_spending),
    ],
    "a call that cannot be taken back": [instead(Future, "cancel", lambda self: False)],
    "an impatient worker": [instead(Attempt, "_call", run_in_a_moment)],
    "a back-off that does not grow": [instead(Failure, "retry_after", one_second_always)],
    "what AWS refuses taken for an outage": [instead(aws_errors, "REFUSED", frozenset())],
    "a refused removal given up": [instead(engine, "LONGEST_DELAY", None)],
    "a worker that ends with its connection": [instead(Worker, "watch", watch_once)],
    "a probe that is always the same": [instead(LedgerQuerySet, "claim", claim_in_turn)],
    "a single run without patience": [instead(worker, "OUTAGE_RETRIES", 0)],
    "a breaker that trusts its memory": [instead(Breaker, "admit", admit_by_memory)],
    "a lease that is not renewed": [instead(LedgerEntry, "renew", lambda self: True)],
    "clients made outside the budget": [instead(Budget, "run", make_clients_at_once)],
    "a removal of names as they should be": [
        instead(ObjectStore, "delete", delete_by_its_proper_name)
    ],
    "a repair that takes every item for a stray": [
        instead(orphans, "_is_of_another", belongs_to_nobody)
    ],
    "revisions that are digits only": [instead(items, "revision_of", revision_of_digits)],
    "strays named before the rows are read": [
        instead(orphans, "find_orphaned_objects", name_strays_by_an_older_ledger)
    ],
    "everything locked at once": [
        instead(LedgerQuerySet, "update_unlocked", update_waiting_for_locks)
    ],
    "a backfill that leaves its time limit": [instead(backfill, "_add", add_with_a_limit)],
    "one batch only": [instead(Worker, "_mirror_batch", one_batch_only)],
    "what cannot be read taken for empty": [
        instead(ItemStore, "scan_keys", blind(ItemStore.scan_keys)),
        instead(ItemStore, "get_many", blind_to(ItemStore.get_many, {})),
        instead(ObjectStore, "list", blind(ObjectStore.list)),
        instead(ObjectStore, "get", blind_to(ObjectStore.get, b"")),
    ],
}
