"""Mutants that lack one part of the protocol (``docs/architecture.md``, "One attempt")."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from mirror.documents.items import Item, ItemKey, Known, key_of, revision_of
from mirror.errors import Failure, Superseded
from mirror.models import LedgerEntry, LedgerQuerySet
from mirror.models.attempts import Note
from mirror.models.key_states import IN_USE, LANDED, KeyState
from mirror.models.ledger import RESET
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import ItemStore
from mirror.sync import engine, pipeline
from mirror.sync.attempt import Attempt
from mirror.sync.breaker import Breaker
from mirror.sync.plan import Plan
from tests.faults.mutants.patching import Change, replace


def put_without_condition(self: ItemStore, item: Item, known: Known) -> None:
    """Write over any item, also over a newer revision."""
    self.client.put_item(TableName=self.table, Item=item)


_put = ItemStore.put


def put_over_older_revisions_only(self: ItemStore, item: Item, known: Known) -> None:
    """Refuse also an equal revision, which an attempt that did not finish may have written."""
    present = self.get_many([key_of(item)], consistent=True)
    for present_item in present.values():
        if revision_of(present_item) >= revision_of(item):
            raise Superseded(revision_of(present_item))
    _put(self, item, known)


def put_over_any_older_revision(self: ItemStore, item: Item, known: Known) -> None:
    """Trust every older revision, also one that the ledger knows nothing of."""
    _put(self, item, Known(mirrored=revision_of(item) - 1))


def put_over_mirrored_revisions_only(self: ItemStore, item: Item, known: Known) -> None:
    """Trust nothing that an attempt has written which was never acknowledged."""
    _put(self, item, dataclasses.replace(known, attempted=()))


def known_under_any_key(self: LedgerEntry, key: ItemKey) -> Known:
    """Take what is acknowledged under one key for what lies under every other."""
    return Known(self.mirrored_revision, self.mirrored_revision, self.attempted)


def delete_physically(self: ItemStore, tombstone: Item, known: Known) -> None:
    """Delete the item, so that a late put can bring it back."""
    self.client.delete_item(TableName=self.table, Key={n: tombstone[n] for n in ("pk", "sk")})


def _acknowledge(self: LedgerQuerySet, notes: Sequence[Note], **held: Any) -> set[int]:
    acknowledged = set()
    for note in notes:
        newest = LedgerEntry.objects.get(pk=note.entry.pk)
        values = {
            **RESET,
            **note.columns,
            "mirrored_revision": newest.revision,
            "mirrored_at": Now(),
            "sweep_at": None,
            "claim": None,
            "claimed_until": None,
        }
        mine = {name: getattr(note.entry, name) for name in held if held[name]}
        if LedgerEntry.objects.filter(pk=note.entry.pk, **mine).update(**values):
            acknowledged.add(note.entry.pk)
    return acknowledged


def acknowledge_any_revision(self: LedgerQuerySet, notes: Sequence[Note]) -> set[int]:
    """Acknowledge the newest revision, although an older one was mirrored."""
    return _acknowledge(self, notes, claim=True)


def acknowledge_without_claim(self: LedgerQuerySet, notes: Sequence[Note]) -> set[int]:
    """The same, even if another process holds the claim by now."""
    return _acknowledge(self, notes)


_prepare = engine.prepare


def acknowledge_before_the_write(entries: Sequence[LedgerEntry], breaker: Breaker) -> list[Attempt]:
    """Acknowledge the revision before mirroring it."""
    for entry in entries:
        LedgerEntry.objects.filter(pk=entry.pk).update(mirrored_revision=entry.revision)
    return _prepare(entries, breaker)


def acknowledge_failures(
    self: LedgerQuerySet, attempts: Sequence[tuple[LedgerEntry, Failure, timedelta | None]]
) -> set[int]:
    """Acknowledge attempts that have failed."""
    known = [LedgerEntry.objects.get(pk=entry.pk) for entry, _, _ in attempts]
    keys = [[ItemKey(*key) for key in entry.item_keys] for entry in known]
    _acknowledge(self, [Note(e, k, e.key_states) for e, k in zip(known, keys, strict=True)])
    return {entry.pk for entry in known}


_record = LedgerQuerySet.record


def record_only_the_last_key(self: LedgerQuerySet, notes: Sequence[Note]) -> set[int]:
    """Record the newest key of each item, and forget those that it had before."""
    return _record(self, [dataclasses.replace(n, item_keys=n.item_keys[-1:]) for n in notes])


def record_at_any_revision(self: LedgerQuerySet, notes: Sequence[Note]) -> set[int]:
    """Record even if the revision was raised, and so overwrite keys that were noted meanwhile."""
    for note in notes:
        held = LedgerEntry.objects.filter(pk=note.entry.pk, claim=note.entry.claim)
        held.update(**{name: v for name, v in note.columns.items() if name != "sweep_at"})
    return {note.entry.pk for note in notes}


_carry_out = Attempt.carry_out


def lock_across_the_network(self: Attempt, stores: Stores) -> None:
    """Keep the ledger's row locked during the calls to AWS."""
    try:
        with transaction.atomic():
            LedgerEntry.objects.select_for_update().get(pk=self.entry.pk)
            _carry_out(self, stores)
    finally:
        if threading.current_thread().name.startswith("mirror-worker"):
            connection.close()


def update_waiting_for_locks(self: LedgerQuerySet, **values: Any) -> int:
    """Wait for every transaction that has locked an entry."""
    return LedgerEntry.objects.filter(pk__in=self.values("pk")).update(**values)


def forget_repeated_upload(self: Plan, key: str) -> KeyState:
    """Forget that an earlier upload to the same key was never confirmed."""
    return IN_USE


def in_use_even_if_superseded(self: Plan, key: str) -> bool:
    """Use an object again although another attempt may still remove it."""
    return self.known.get(key) in {IN_USE, LANDED}


def never_lands_late(self: Plan, key: str) -> bool:
    """Treat every removal as final."""
    return False


def note_nothing(attempt: Attempt) -> bool:
    """Forget the uploads that were sent after the claim was lost."""
    return True


_mark_dirty = LedgerQuerySet.mark_dirty


def mark_dirty_but_trust_object_keys(self: LedgerQuerySet, *names: str, **known: Any) -> None:
    """Enqueue the row, but believe that the objects which the ledger names exist."""
    trusted = {e.pk: e.object_keys for e in LedgerEntry.objects.all()}
    _mark_dirty(self, *names, **known)
    for pk, keys in trusted.items():
        LedgerEntry.objects.filter(pk=pk).update(object_keys=keys)


MUTANTS: dict[str, list[Change]] = {
    "unconditional put": [replace(ItemStore, "put", put_without_condition)],
    "put refuses an equal revision": [replace(ItemStore, "put", put_over_older_revisions_only)],
    "put over any older revision": [replace(ItemStore, "put", put_over_any_older_revision)],
    "put over mirrored revisions only": [
        replace(ItemStore, "put", put_over_mirrored_revisions_only)
    ],
    "acknowledged revision counts under every key": [
        replace(LedgerEntry, "known", known_under_any_key)
    ],
    "physical delete": [replace(ItemStore, "put_tombstone", delete_physically)],
    "acknowledgement ignores the revision": [
        replace(LedgerQuerySet, "acknowledge", acknowledge_any_revision)
    ],
    "acknowledgement ignores the claim": [
        replace(LedgerQuerySet, "acknowledge", acknowledge_without_claim)
    ],
    "acknowledgement before the write": [
        replace(engine, "prepare", acknowledge_before_the_write),
        replace(pipeline, "prepare", acknowledge_before_the_write),
    ],
    "failures acknowledged": [replace(LedgerQuerySet, "fail", acknowledge_failures)],
    "only the last key recorded": [replace(LedgerQuerySet, "record", record_only_the_last_key)],
    "record overwrites keys noted meanwhile": [
        replace(LedgerQuerySet, "record", record_at_any_revision)
    ],
    "lock held across the network call": [replace(Attempt, "carry_out", lock_across_the_network)],
    "drain waits for locks": [replace(LedgerQuerySet, "update_unlocked", update_waiting_for_locks)],
    "repeated upload forgotten": [replace(Plan, "_state_in_use", forget_repeated_upload)],
    "object reused during its removal": [replace(Plan, "_is_in_use", in_use_even_if_superseded)],
    "removal never repeated": [replace(Plan, "_may_land", never_lands_late)],
    "late uploads forgotten": [
        replace(Plan, "_may_land", never_lands_late),
        replace(engine, "_note_late_uploads", note_nothing),
    ],
    "repair trusts the recorded object keys": [
        replace(LedgerQuerySet, "mark_dirty", mark_dirty_but_trust_object_keys)
    ],
}
