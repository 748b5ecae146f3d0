"""Broken engines: each lacks one part of the protocol, and each must be noticed.

Were a scenario to pass with one of these, it would prove nothing about the real engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any
from unittest import mock

from django.db import transaction
from django.db.models.functions import Now

from mirror import drain, engine
from mirror.documents import Item
from mirror.engine import Attempt
from mirror.models import FRESH_START, IN_USE, LANDED, ItemKey, LedgerEntry
from mirror.sinks import ItemSink

Change = tuple[object, str, Callable[..., Any]]


def put_without_condition(self: ItemSink, item: Item) -> None:
    """Write over whatever stands there."""
    with_table: Any = self.client
    with_table.put_item(TableName=self.table, Item=item)


def delete_physically(self: ItemSink, key: ItemKey, revision: int, expires_at: datetime) -> None:
    """Leave no tombstone."""
    self.client.delete_item(TableName=self.table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})


def acknowledge_whatever_it_is(
    self: LedgerEntry, item_keys: Iterable[ItemKey], object_keys: dict[str, str]
) -> bool:
    """Say that the object is mirrored, in whatever revision it is by now."""
    entry = LedgerEntry.objects.get(pk=self.pk)
    values = {
        **FRESH_START,
        "mirrored_revision": entry.revision,
        "mirrored_at": Now(),
        "item_keys": [list(key) for key in item_keys],
        "object_keys": object_keys,
        "claim": None,
        "claimed_until": None,
    }
    return LedgerEntry.objects.filter(pk=self.pk, claim=self.claim).update(**values) == 1


_record = LedgerEntry.record


def record_the_last_key_only(
    self: LedgerEntry, item_keys: Iterable[ItemKey], object_keys: dict[str, str]
) -> bool:
    """Remember where the item was put last, and nothing that came before."""
    return _record(self, list(item_keys)[-1:], object_keys)


def lock_across_the_network(entry: LedgerEntry, *arguments: Any) -> engine.Outcome:
    """Keep the ledger's row locked while AWS is asked."""
    with transaction.atomic():
        LedgerEntry.objects.select_for_update().get(pk=entry.pk)
        return engine.mirror_entry(entry, *arguments)


def forget_the_other_upload(self: Attempt, key: str) -> str:
    """Take the first acknowledged upload of a key for the only one."""
    return IN_USE


def keep_what_may_be_removed(self: Attempt, key: str) -> bool:
    """Use an object again although its removal is under way."""
    return self.entry.object_keys.get(key) in {IN_USE, LANDED}


MUTANTS: dict[str, Change] = {
    "an unconditional put": (ItemSink, "put", put_without_condition),
    "a physical delete": (ItemSink, "bury", delete_physically),
    "acknowledgement without the revision": (
        LedgerEntry,
        "acknowledge",
        acknowledge_whatever_it_is,
    ),
    "only the last key remembered": (LedgerEntry, "record", record_the_last_key_only),
    "lock held across the network call": (drain, "mirror_entry", lock_across_the_network),
    "repeated upload forgotten": (Attempt, "_use", forget_the_other_upload),
    "object used again during its removal": (Attempt, "_is_in_use", keep_what_may_be_removed),
}


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Run the block with the broken engine of this name."""
    owner, attribute, change = MUTANTS[name]
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(owner, attribute, change))
        yield
