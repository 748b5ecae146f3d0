"""Mutants that lack one part of the protocol (``docs/architecture.md``, "One attempt")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from mirror.documents.items import Item, ItemKey, key_of, revision_of
from mirror.errors import Failure, Superseded
from mirror.models import LedgerEntry, LedgerQuerySet
from mirror.models.key_states import IN_USE, LANDED, KeyState, dump
from mirror.models.ledger import RESET
from mirror.stores.dynamodb import ItemStore
from mirror.sync import engine, worker
from mirror.sync.engine import Attempt, Outcome
from tests.faults.mutants.patching import Change, replace


def put_without_condition(self: ItemStore, item: Item, **known: Any) -> None:
    """Write over any item, also over a newer revision."""
    self.client.put_item(TableName=self.table, Item=item)


_put = ItemStore.put


def put_over_older_revisions_only(self: ItemStore, item: Item, **known: Any) -> None:
    """Refuse also an equal revision, which an attempt that did not finish may have written."""
    present = self.get_many([key_of(item)], consistent=True)
    for present_item in present.values():
        if revision_of(present_item) >= revision_of(item):
            raise Superseded(revision_of(present_item))
    _put(self, item, **known)


def put_over_any_older_revision(self: ItemStore, item: Item, **known: Any) -> None:
    """Trust every older revision, also one that the ledger knows nothing of."""
    _put(self, item, mirrored=revision_of(item) - 1)


def put_over_mirrored_revisions_only(
    self: ItemStore, item: Item, *, mirrored: int, **_: Any
) -> None:
    """Trust nothing that an attempt has written which was never acknowledged."""
    _put(self, item, mirrored=mirrored)


def delete_physically(self: ItemStore, tombstone: Item, **known: Any) -> None:
    """Delete the item, so that a late put can bring it back."""
    self.client.delete_item(TableName=self.table, Key={n: tombstone[n] for n in ("pk", "sk")})


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
        "attempted": [],
        "sweep_at": None,
        "claim": None,
        "claimed_until": None,
    }
    return LedgerEntry.objects.filter(pk=entry.pk, **held).update(**values) == 1


def acknowledge_any_revision(
    self: LedgerEntry, item_keys: Iterable[ItemKey], key_states: dict[str, KeyState]
) -> bool:
    """Acknowledge the newest revision, although an older one was mirrored."""
    return _acknowledge(self, item_keys, key_states, claim=self.claim)


def acknowledge_without_claim(
    self: LedgerEntry, item_keys: Iterable[ItemKey], key_states: dict[str, KeyState]
) -> bool:
    """The same, even if another process holds the claim by now."""
    return _acknowledge(self, item_keys, key_states)


_run = Attempt.run


def acknowledge_before_the_write(self: Attempt) -> bool:
    """Acknowledge the revision before mirroring it."""
    LedgerEntry.objects.filter(pk=self.entry.pk).update(mirrored_revision=self.entry.revision)
    return _run(self)


def acknowledge_a_failure(attempt: Attempt, failure: Failure) -> Outcome:
    """Acknowledge an attempt that has failed."""
    entry = attempt.entry
    known = LedgerEntry.objects.get(pk=entry.pk)
    _acknowledge(entry, [ItemKey(*key) for key in known.item_keys], known.key_states)
    return Outcome.MIRRORED


_record = LedgerEntry.record


def record_only_the_last_key(
    self: LedgerEntry,
    item_keys: Iterable[ItemKey],
    key_states: dict[str, KeyState],
    writes: Iterable[str],
) -> bool:
    """Record the newest key of the item, and forget those that it had before."""
    return _record(self, list(item_keys)[-1:], key_states, writes)


def record_at_any_revision(
    self: LedgerEntry,
    item_keys: Iterable[ItemKey],
    key_states: dict[str, KeyState],
    writes: Iterable[str],
) -> bool:
    """Record even if the revision was raised, and so overwrite keys that were noted meanwhile."""
    return self.change_while_claimed(
        at_my_revision=False,
        item_keys=[list(key) for key in item_keys],
        object_keys=dump(key_states),
        attempted=[*self.attempted, *writes],
    )


def lock_across_the_network(entry: LedgerEntry, *arguments: Any) -> Outcome:
    """Keep the ledger's row locked during the calls to AWS."""
    with transaction.atomic():
        LedgerEntry.objects.select_for_update().get(pk=entry.pk)
        return engine.mirror_entry(entry, *arguments)


def update_waiting_for_locks(self: LedgerQuerySet, **values: Any) -> int:
    """Wait for every transaction that has locked an entry."""
    return LedgerEntry.objects.filter(pk__in=self.values("pk")).update(**values)


def forget_repeated_upload(self: Attempt, key: str) -> KeyState:
    """Forget that an earlier upload to the same key was never confirmed."""
    return IN_USE


def in_use_even_if_superseded(self: Attempt, key: str) -> bool:
    """Use an object again although another attempt may still remove it."""
    return self.known.get(key) in {IN_USE, LANDED}


def never_lands_late(self: Attempt, state: KeyState) -> bool:
    """Treat every removal as final."""
    return False


def note_nothing(self: Attempt) -> None:
    """Forget the uploads that were sent after the claim was lost."""


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
    "physical delete": [replace(ItemStore, "put_tombstone", delete_physically)],
    "acknowledgement ignores the revision": [
        replace(LedgerEntry, "acknowledge", acknowledge_any_revision)
    ],
    "acknowledgement ignores the claim": [
        replace(LedgerEntry, "acknowledge", acknowledge_without_claim)
    ],
    "acknowledgement before the write": [replace(Attempt, "run", acknowledge_before_the_write)],
    "failures acknowledged": [replace(engine, "_fail", acknowledge_a_failure)],
    "only the last key recorded": [replace(LedgerEntry, "record", record_only_the_last_key)],
    "record overwrites keys noted meanwhile": [
        replace(LedgerEntry, "record", record_at_any_revision)
    ],
    "lock held across the network call": [replace(worker, "mirror_entry", lock_across_the_network)],
    "drain waits for locks": [replace(LedgerQuerySet, "update_unlocked", update_waiting_for_locks)],
    "repeated upload forgotten": [replace(Attempt, "_state_in_use", forget_repeated_upload)],
    "object reused during its removal": [replace(Attempt, "_is_in_use", in_use_even_if_superseded)],
    "removal never repeated": [replace(Attempt, "_may_land", never_lands_late)],
    "late uploads forgotten": [
        replace(Attempt, "_may_land", never_lands_late),
        replace(Attempt, "note_late_uploads", note_nothing),
    ],
    "repair trusts the recorded object keys": [
        replace(LedgerQuerySet, "mark_dirty", mark_dirty_but_trust_object_keys)
    ],
}
