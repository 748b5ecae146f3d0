"""A restore works in batches: few scans, calls and statements, and each row counts by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from mirror.documents.items import revision_of
from mirror.models import LedgerEntry
from mirror.restore import inventory, portions
from mirror.restore.counts import RestoreCounts
from mirror.restore.insert import insert
from mirror.restore.reader import Reading
from mirror.restore.restore import restore
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import ItemStore
from mirror.sync import worker
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.mirror.restore.conftest import WHEN
from tests.support.factories import TRANSCRIPT, make_campaign, make_sessions
from tests.support.restored import of_sessions
from tests.support.stored import assert_equal, assert_equal_after_sync, item_of, stored_item
from tests.support.tampering import set_attribute


def mirrored_sessions(mirror: Stores, owner: User, count: int, **fields: Any) -> list[Session]:
    sessions = make_sessions(owner, count, make_campaign(owner), **fields)
    worker.drain()
    assert_equal(mirror)
    return sessions


def lose_sessions() -> None:
    Session.objects.all().delete()
    LedgerEntry.objects.filter(model="sessions_app.session").delete()


def restored_sessions(mirror: Stores, *, apply: bool = True) -> RestoreCounts:
    return of_sessions(restore(mirror, apply=apply))


@contextmanager
def calls_of_dynamodb(mirror: Stores) -> Iterator[Counter[str]]:
    """Count the calls by their names; the pages of one scan count as one."""
    calls: Counter[str] = Counter()

    def count(model: Any, params: Any, **_: Any) -> None:
        if b"ExclusiveStartKey" not in params["body"]:
            calls[model.name] += 1

    events = mirror.items.client.meta.events
    events.register("before-call.dynamodb", count)
    try:
        yield calls
    finally:
        events.unregister("before-call.dynamodb", count)


def test_the_table_is_scanned_once_and_rows_are_inserted_a_hundred_at_a_time(
    mirror: Stores, owner: User
) -> None:
    mirrored_sessions(mirror, owner, 120, notes="n" * 10_000)
    Session.objects.update(created_at=WHEN, updated_at=WHEN)
    assert_equal_after_sync(mirror)
    lose_sessions()
    Campaign.objects.all().delete()
    LedgerEntry.objects.all().delete()
    with (
        calls_of_dynamodb(mirror) as calls,
        CaptureQueriesContext(connection) as captured,
    ):
        assert [tally.restored for tally in restore(mirror, apply=True)] == [1, 120, 0]
    assert calls == {"Scan": 1, "BatchGetItem": 1 + 2}
    statements = [query["sql"] for query in captured]
    inserts = [sql for sql in statements if sql.startswith('INSERT INTO "sessions_app_session"')]
    marks = [sql for sql in statements if "UPDATE mirror_ledgerentry" in sql]
    assert (len(inserts), len(marks)) == (2, 1 + 2)
    assert len(statements) < 80
    # Fields with auto_now keep what the mirror has.
    when = WHEN.replace(microsecond=42_000)
    assert Session.objects.filter(created_at=when, updated_at=when).count() == 120
    assert_equal_after_sync(mirror)


def test_equal_rows_are_read_once(mirror: Stores, owner: User) -> None:
    mirrored_sessions(mirror, owner, 20, transcript_text=TRANSCRIPT)
    with calls_of_dynamodb(mirror) as calls:
        assert restored_sessions(mirror, apply=False).equal == 20
    assert calls == {"Scan": 1}


def test_rows_without_an_item_are_looked_up_together(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 20)
    LedgerEntry.objects.all().delete()
    with calls_of_dynamodb(mirror) as calls:
        assert restored_sessions(mirror, apply=False).lost == 20
    assert calls == {"Scan": 1, "BatchGetItem": 2}


def test_only_the_rows_that_postgresql_refuses_are_not_restored(
    mirror: Stores, owner: User
) -> None:
    sessions = mirrored_sessions(mirror, owner, 9)
    lose_sessions()
    taken, too_long = sessions[2], sessions[6]
    make_sessions(owner, 1, share_token="taken")
    set_attribute(mirror, item_of(mirror, taken.pk), "shareToken", {"S": "taken"})
    set_attribute(mirror, item_of(mirror, too_long.pk), "name", {"S": "x" * 201})
    tally = restored_sessions(mirror)
    assert (tally.restored, tally.impossible) == (7, 2)
    assert {note.split(" ", 1)[1].split(": ", 1)[0] for note in tally.notes[:2]} == {
        str(taken.pk),
        str(too_long.pk),
    }
    assert "IntegrityError sessions_app_session_share_token" in "".join(tally.notes)
    assert "DataError" in "".join(tally.notes)
    restored = [session.pk for session in sessions if session not in (taken, too_long)]
    assert Session.objects.filter(pk__in=restored).count() == 7


def test_each_restored_row_is_enqueued_above_its_item(mirror: Stores, owner: User) -> None:
    sessions = mirrored_sessions(mirror, owner, 3, transcript_text=TRANSCRIPT)
    for number, session in enumerate(sessions):
        for _ in range(number):
            session.save()
    assert_equal_after_sync(mirror)
    items = {str(session.pk): stored_item(mirror, session.pk) for session in sessions}
    lose_sessions()
    assert restored_sessions(mirror).restored == 3
    for object_id, item in items.items():
        entry = LedgerEntry.objects.pending().get(object_id=object_id)
        assert entry.revision == revision_of(item) + 1
        assert entry.item_keys == [[item["pk"]["S"], item["sk"]["S"]]]
        assert list(entry.object_keys) == [item["transcriptStorageKey"]["S"]]
        assert entry.known(entry.item_keys[0]).has(item)
    assert_equal_after_sync(mirror)


def test_a_row_that_somebody_inserts_meanwhile_is_not_overwritten(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = mirrored_sessions(mirror, owner, 5)
    lose_sessions()

    def insert_after_somebody_else(readings: Any, *arguments: Any, **options: Any) -> Any:
        if readings:
            Session.objects.create(pk=sessions[1].pk, owner=owner, name="by somebody else")
        return insert(readings, *arguments, **options)

    monkeypatch.setattr("mirror.restore.walk.insert", insert_after_somebody_else)
    tally = restored_sessions(mirror)
    assert (tally.restored, tally.impossible) == (4, 1)
    assert Session.objects.get(pk=sessions[1].pk).name == "by somebody else"
    assert LedgerEntry.objects.get(object_id=sessions[1].pk).revision == 1
    assert Session.objects.count() == 5


def test_a_row_that_changes_between_the_two_looks_at_the_ledger_is_pending(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = mirrored_sessions(mirror, owner, 5)
    lose_sessions()
    get_many = ItemStore.get_many

    def get_many_while_somebody_works(self: ItemStore, keys: Any, **options: Any) -> Any:
        Session.objects.filter(pk=sessions[1].pk).delete()
        Session.objects.create(pk=sessions[1].pk, owner=owner, name="by somebody else")
        Session.objects.create(pk=sessions[2].pk, owner=owner).delete()
        return get_many(self, keys, **options)

    monkeypatch.setattr(ItemStore, "get_many", get_many_while_somebody_works)
    tally = restored_sessions(mirror)
    assert (tally.restored, tally.pending, tally.problems) == (3, 2, 0)
    assert Session.objects.get(pk=sessions[1].pk).name == "by somebody else"
    assert not Session.objects.filter(pk=sessions[2].pk).exists()


def test_what_is_read_ahead_is_bounded() -> None:
    begun: list[str] = []

    def read(item: Any) -> Reading:
        begun.append(item["id"])
        return Reading(SessionDocument, item, item["id"], (), {}, {}, size=portions.PORTION // 2)

    with ThreadPoolExecutor(1) as threads:
        items = ({"id": str(number)} for number in range(50))
        whole = portions.read_in_portions(threads, read, items)  # type: ignore[arg-type]
        for number, portion in enumerate(whole):
            assert [reading.object_id for reading in portion] == [
                str(2 * number),
                str(2 * number + 1),
            ]
            assert len(begun) <= 2 * (number + 1) + portions.THREADS
    assert len(begun) == 50


def test_items_are_examined_as_many_as_fit_into_memory() -> None:
    def item(number: int, size: int) -> dict[str, Any]:
        return {"id": {"S": f"{number:04}"}, "pk": {"S": "p"}, "sk": {"S": "x" * size}}

    half = inventory.CHUNK_BYTES // 2
    sizes = [half - 100, half - 100, half, 3 * half, 1, *[1] * 250]
    with inventory.open_inventory() as noted:
        noted.note_unequal("a", [item(n, size) for n, size in enumerate(sizes)])
        noted.note_unequal("b", [item(1000, 1)])
        chunks = [[unequal.object_id for unequal in chunk] for chunk in noted.unequal("a")]
        assert noted.count_unequal() == 256
        assert list(noted.unequal("c")) == []
    assert [len(chunk) for chunk in chunks] == [2, 1, 1, 100, 100, 51]
    assert [*chain(*chunks)] == [f"{number:04}" for number in range(255)]


def test_progress_counts_what_is_compared_and_then_what_is_examined(
    mirror: Stores, owner: User
) -> None:
    mirrored_sessions(mirror, owner, 3)
    told: list[tuple[str, int]] = []

    def restore_and_listen() -> list[tuple[str, int]]:
        told.clear()
        restore(
            mirror,
            apply=True,
            begin=lambda total: told.append(("begin", total)),
            progress=lambda count: told.append(("progress", count)),
        )
        return told

    lose_sessions()
    assert restore_and_listen() == [("progress", 4), ("begin", 3), ("progress", 3)]
    assert_equal_after_sync(mirror)
    assert restore_and_listen() == [("progress", 4)]
