"""Marks: many rows are enqueued together, and each counts by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from mirror.documents.items import Item, ItemKey, fingerprint
from mirror.models import LedgerEntry, Mark, State
from mirror.models.key_states import IN_USE, LANDED, REUPLOADED, UPLOAD_MAY_LAND, dump

MODEL = "lab.song"
LONG_AGO = timezone.now() - timedelta(days=9)
FAR_OFF = timezone.now() + timedelta(days=9)
OLD, NEW = ItemKey("old", "key"), ItemKey("new", "key")


def entry(object_id: str, **columns: Any) -> None:
    values = {"model": MODEL, "object_id": object_id, "owed_since": LONG_AGO, **columns}
    LedgerEntry.objects.create(**values)


def item(revision: int) -> Item:
    return {"pk": {"S": "new"}, "sk": {"S": "key"}, "mirrorRevision": {"N": str(revision)}}


def test_each_row_is_enqueued_above_what_the_ledger_and_the_table_know(
    transactional_db: None, owner: User
) -> None:
    entry("mirrored", revision=5, mirrored_revision=5, item_keys=[list(OLD)])
    entry("pending", revision=5, mirrored_revision=3, attempted=["before"], item_keys=[list(NEW)])
    states = {"used": IN_USE, "again": REUPLOADED, "gone": LANDED}
    failure = {"parked_at": LONG_AGO, "attempts": 3, "error_class": "E", "error_code": "C"}
    entry("parked", revision=5, object_keys=dump(states), next_attempt_at=FAR_OFF, **failure)
    entry("another", revision=5, mirrored_revision=5)
    LedgerEntry.objects.create(model="lab.other", object_id="mirrored", mirrored_revision=1)
    began = timezone.now() - timedelta(seconds=5)
    LedgerEntry.objects.mark_all_dirty(
        MODEL,
        [
            Mark("unknown", overwriting=[item(7)], item_keys=[NEW], object_keys=["object"]),
            Mark("mirrored", item_keys=[NEW]),
            Mark("pending", overwriting=[item(2)], item_keys=[NEW]),
            Mark("parked", overwriting=[item(9)], object_keys=["used", "new"]),
        ],
    )
    entries = {e.object_id: e for e in LedgerEntry.objects.filter(model=MODEL)}
    revisions = {"unknown": 8, "mirrored": 6, "pending": 6, "parked": 10, "another": 5}
    assert {object_id: e.revision for object_id, e in entries.items()} == revisions
    assert all(e.state == State.PENDING for name, e in entries.items() if name != "another")
    assert LedgerEntry.objects.get(model="lab.other").revision == 1

    assert entries["mirrored"].owed_since > began
    assert entries["pending"].owed_since == entries["parked"].owed_since == LONG_AGO
    assert entries["unknown"].item_keys == entries["pending"].item_keys == [list(NEW)]
    assert entries["mirrored"].item_keys == [list(OLD), list(NEW)]
    assert entries["unknown"].attempted == [fingerprint(item(7))]
    assert entries["pending"].attempted == ["before", fingerprint(item(2))]

    assert entries["unknown"].key_states == {"object": LANDED}
    states = entries["parked"].key_states  # nothing is trusted, and nothing is forgotten
    assert {name for name, state in states.items() if state == LANDED} == {"used", "gone", "new"}
    assert not states["again"].in_use
    assert states["again"].may_land(began + UPLOAD_MAY_LAND)
    parked = entries["parked"]
    assert (parked.attempts, parked.error_class, parked.error_code) == (0, "", "")
    assert parked.next_attempt_at < FAR_OFF


def test_only_rows_that_were_not_owed_let_live_changes_pass(
    transactional_db: None, owner: User
) -> None:
    entry("mirrored", revision=5, mirrored_revision=5)
    entry("changed", revision=5)
    entry("enqueued", revision=5, backfill=True)
    names = ("mirrored", "changed", "enqueued", "unknown")
    LedgerEntry.objects.mark_all_dirty(MODEL, [Mark(name, backfill=True) for name in names])
    marked = LedgerEntry.objects.filter(model=MODEL).values_list("object_id", "backfill")
    assert dict(marked) == dict.fromkeys(names, True) | {"changed": False}
    LedgerEntry.objects.mark_all_dirty(MODEL, [Mark(name) for name in names])
    assert not LedgerEntry.objects.filter(model=MODEL, backfill=True).exists()


def test_a_mark_of_an_entry_that_is_claimed_leaves_the_claim(
    transactional_db: None, owner: User
) -> None:
    entry("claimed", revision=5)
    LedgerEntry.objects.filter(object_id="claimed").update(
        claim="12345678-1234-5678-1234-567812345678", claimed_until=FAR_OFF
    )
    LedgerEntry.objects.mark_all_dirty(MODEL, [Mark("claimed")])
    marked = LedgerEntry.objects.get(object_id="claimed")
    assert (marked.revision, marked.claimed_until) == (6, FAR_OFF)
    assert marked.claim
