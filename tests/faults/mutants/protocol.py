"""Engines that lack one part of the protocol."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from mirror.documents.items import Item, ItemKey, key_of, revision_of
from mirror.errors import Failure, Superseded
from mirror.models import LedgerEntry, LedgerQuerySet
from mirror.models.ledger import RESET
from mirror.models.object_keys import IN_USE, LANDED, KeyState, dump
from mirror.stores.dynamodb import ItemStore
from mirror.sync import engine, worker
from mirror.sync.engine import Attempt, Outcome
from tests.faults.mutants.patching import Change, instead


def put_without_condition(self: ItemStore, item: Item) -> None:
    """Write over whatever stands there."""
    with_table: Any = self.client
    with_table.put_item(TableName=self.table, Item=item)


_put = ItemStore.put


def put_over_older_ones_only(self: ItemStore, item: Item) -> None:
    """Refuse what was written already, by an attempt that did not come to its end."""
    present = self.get_many([key_of(item)], consistent=True)
    for other in present.values():
        if revision_of(other) >= revision_of(item):
            raise Superseded(revision_of(other))
    _put(self, item)


def delete_physically(self: ItemStore, key: ItemKey, revision: int, expires_at: datetime) -> None:
    """Leave no tombstone."""
    self.client.delete_item(TableName=self.table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})


def _acknowledge(
    entry: LedgerEntry, item_keys: Iterable[ItemKey], key_states: dict[str, KeyState], **held: Any
) -> bool:
    newest = LedgerEntry.objects.get(pk=entry.pk)
    values = {
        **RESET,
        "mirrored_revision": newest.revision,
        "mirrored_at": Now(),
        "item_keys": [list(key) for key in item_keys],
        "object_keys": dump(key_states),
        "sweep_at": None,
        "claim": None,
        "claimed_until": None,
    }
    return LedgerEntry.objects.filter(pk=entry.pk, **held).update(**values) == 1


def acknowledge_whatever_it_is(
    self: LedgerEntry, item_keys: Iterable[ItemKey], key_states: dict[str, KeyState]
) -> bool:
    """Say that the object is mirrored, in whatever revision it is by now."""
    return _acknowledge(self, item_keys, key_states, claim=self.claim)


def acknowledge_whoever_it_is(
    self: LedgerEntry, item_keys: Iterable[ItemKey], key_states: dict[str, KeyState]
) -> bool:
    """The same, although the claim is somebody else's by now."""
    return _acknowledge(self, item_keys, key_states)


_run = Attempt.run


def acknowledge_first(self: Attempt) -> bool:
    """Say that the object is mirrored, and then mirror it."""
    LedgerEntry.objects.filter(pk=self.entry.pk).update(mirrored_revision=self.entry.revision)
    return _run(self)


def fail_as_if_done(attempt: Attempt, failure: Failure) -> Outcome:
    """Take a failed attempt for a successful one."""
    entry = attempt.entry
    known = LedgerEntry.objects.get(pk=entry.pk)
    _acknowledge(entry, [ItemKey(*key) for key in known.item_keys], known.key_states)
    return Outcome.MIRRORED


_record = LedgerEntry.record


def record_the_last_key_only(
    self: LedgerEntry, item_keys: Iterable[ItemKey], key_states: dict[str, KeyState]
) -> bool:
    """Remember where the item was put last, and nothing that came before."""
    return _record(self, list(item_keys)[-1:], key_states)


def record_over_the_notes_of_others(
    self: LedgerEntry, item_keys: Iterable[ItemKey], key_states: dict[str, KeyState]
) -> bool:
    """Record under whatever revision there is by now."""
    keys = [list(key) for key in item_keys]
    return self._change(at_my_revision=False, item_keys=keys, object_keys=dump(key_states))


def lock_across_the_network(entry: LedgerEntry, *arguments: Any) -> Outcome:
    """Keep the ledger's row locked while AWS is asked."""
    with transaction.atomic():
        LedgerEntry.objects.select_for_update().get(pk=entry.pk)
        return engine.mirror_entry(entry, *arguments)


def update_waiting_for_locks(self: LedgerQuerySet, **values: Any) -> int:
    """Wait for whoever holds a row."""
    return LedgerEntry.objects.filter(pk__in=self.values("pk")).update(**values)


def forget_the_other_upload(self: Attempt, key: str) -> KeyState:
    """Take the first acknowledged upload of a key for the only one."""
    return IN_USE


def keep_what_may_be_removed(self: Attempt, key: str) -> bool:
    """Use an object again although its removal is under way."""
    return self.known.get(key) in {IN_USE, LANDED}


def nothing_lands_late(self: Attempt, state: KeyState) -> bool:
    """Take every removal for final."""
    return False


def note_nothing(self: Attempt) -> None:
    """Do not think of what went out after the lease."""


_mark_dirty = LedgerQuerySet.mark_dirty


def mark_and_trust_the_ledger(self: LedgerQuerySet, *names: str, **known: Any) -> None:
    """Owe an object again, but believe that what it needs in S3 is there."""
    trusted = {e.pk: e.object_keys for e in LedgerEntry.objects.all()}
    _mark_dirty(self, *names, **known)
    for pk, keys in trusted.items():
        LedgerEntry.objects.filter(pk=pk).update(object_keys=keys)


PROTOCOL: dict[str, list[Change]] = {
    "an unconditional put": [instead(ItemStore, "put", put_without_condition)],
    "a put that refuses its own revision": [instead(ItemStore, "put", put_over_older_ones_only)],
    "a physical delete": [instead(ItemStore, "put_tombstone", delete_physically)],
    "acknowledgement without the revision": [
        instead(LedgerEntry, "acknowledge", acknowledge_whatever_it_is)
    ],
    "acknowledgement without the claim": [
        instead(LedgerEntry, "acknowledge", acknowledge_whoever_it_is)
    ],
    "acknowledged before it is written": [instead(Attempt, "run", acknowledge_first)],
    "a failure taken for success": [instead(engine, "_fail", fail_as_if_done)],
    "only the last key remembered": [instead(LedgerEntry, "record", record_the_last_key_only)],
    "a record over the notes of others": [
        instead(LedgerEntry, "record", record_over_the_notes_of_others)
    ],
    "lock held across the network call": [instead(worker, "mirror_entry", lock_across_the_network)],
    "a drain that waits for locks": [
        instead(LedgerQuerySet, "update_unlocked", update_waiting_for_locks)
    ],
    "repeated upload forgotten": [instead(Attempt, "_state_in_use", forget_the_other_upload)],
    "object used again during its removal": [
        instead(Attempt, "_is_in_use", keep_what_may_be_removed)
    ],
    "a removal never repeated": [instead(Attempt, "_may_land", nothing_lands_late)],
    "late uploads forgotten": [
        instead(Attempt, "_may_land", nothing_lands_late),
        instead(Attempt, "note_late_uploads", note_nothing),
    ],
    "a repair that trusts the ledger": [
        instead(LedgerQuerySet, "mark_dirty", mark_and_trust_the_ledger)
    ],
}
