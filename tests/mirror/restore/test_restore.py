"""The restore: rows compared with the mirror, restored from it, and left alone on purpose."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection

from campaigns.documents import CampaignDocument
from campaigns.models import Campaign
from mirror.documents.items import ItemKey
from mirror.documents.render import render
from mirror.models import LedgerEntry
from mirror.restore import inventory
from mirror.restore.counts import RestoreCounts
from mirror.restore.restore import documents_in_order, restore
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.documents import HighlightDocument, SessionDocument
from sessions_app.models import Highlight, Session
from tests.mirror.restore.conftest import WHEN, Lose
from tests.support.commands import run
from tests.support.factories import make_campaign, make_sessions
from tests.support.restored import of_sessions
from tests.support.stored import assert_equal_after_sync, item_of, stored_item
from tests.support.tampering import delete_item, remove_attribute, set_attribute

mirror_restore = partial(run, "mirror_restore")


def tallies(mirror: Stores, *, apply: bool = False) -> dict[str, RestoreCounts]:
    return {tally.label: tally for tally in restore(mirror, apply=apply)}


def test_all_lost_rows_are_restored_as_they_were(
    mirror: Stores, session: Session, lose_all_rows: Lose
) -> None:
    for _ in range(3):  # raise the items' revisions above those of new rows
        Session.objects.update(notes="PRIVATE-CANARY")
        Campaign.objects.update(description="changed")
    worker.drain()
    before = lose_all_rows()
    code, printed = mirror_restore("--dry-run")
    assert (code, "4 rows would be restored" in printed) == (1, True)
    assert not Campaign.objects.exists()

    assert mirror_restore("--apply")[0] == 0
    after = [
        *Campaign.objects.order_by("pk").values(),
        *Session.objects.order_by("pk").values(),
        *Highlight.objects.order_by("pk").values(),
    ]
    for row in before:
        for name in {"created_at", "updated_at"} & row.keys():
            row[name] = row[name].replace(microsecond=row[name].microsecond // 1000 * 1000)
    assert after == before
    assert LedgerEntry.objects.pending().count() == 4
    assert_equal_after_sync(mirror)
    assert mirror_restore("--apply")[0] == mirror_restore("--dry-run")[0] == 0


def test_an_interrupted_restore_is_resumed(
    mirror: Stores, lose_all_rows: Lose, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_all_rows()

    def interrupt(*_: Any) -> Iterator[Any]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(inventory.Inventory, "rows_without_item", interrupt)  # after the campaigns
        assert mirror_restore("--apply")[0] == 2
    assert (Campaign.objects.count(), Session.objects.count()) == (1, 0)
    assert mirror_restore("--apply")[0] == 0
    assert Session.objects.count() == 2
    assert_equal_after_sync(mirror)


def test_a_field_that_cannot_be_read_is_named_once(mirror: Stores, session: Session) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "metrics", {"S": "no map"})
    set_attribute(mirror, item_of(mirror, session.pk), "createdAt", {"S": "no time"})
    _, printed = mirror_restore("--dry-run")
    assert f"{session.pk}: differs: metrics, createdAt (unreadable)\n" in printed


def test_a_row_that_differs_is_named_and_not_overwritten(mirror: Stores, session: Session) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "name", {"S": "OTHER-CANARY"})
    code, printed = mirror_restore("--apply")
    assert code == 1
    assert f"{session.pk}: differs: name" in printed
    assert "sessions_app.session differs in: name 1." in printed
    assert "CANARY" not in printed
    session.refresh_from_db()
    assert session.name == "S 🐉"


def test_a_row_whose_item_lost_its_reference_differs(mirror: Stores, session: Session) -> None:
    remove_attribute(mirror, item_of(mirror, session.pk), "transcriptStorageKey")
    fields = tallies(mirror)["sessions_app.session"].fields
    assert set(fields) == {"transcript_text", "transcript_json"}


def test_a_row_whose_transcript_is_missing_is_not_restored(
    mirror: Stores, session: Session, lose_all_rows: Lose
) -> None:
    lose_all_rows()
    mirror.objects.delete(item_of(mirror, session.pk)["transcriptStorageKey"])
    code, printed = mirror_restore("--apply")
    assert (code, "transcriptStorageKey (not in S3)" in printed) == (1, True)
    assert Session.objects.get().name == "unfiled"


def test_a_row_that_was_deleted_on_purpose_is_not_restored(
    mirror: Stores, session: Session
) -> None:
    item = stored_item(mirror, session.pk)
    session.delete()
    assert tallies(mirror, apply=True)["sessions_app.session"].pending == 1
    LedgerEntry.objects.pending().update(parked_at=WHEN)
    assert tallies(mirror, apply=True)["sessions_app.session"].impossible == 1
    LedgerEntry.objects.retry()
    worker.drain()
    assert mirror_restore("--apply")[0] == 0  # there is a tombstone by now
    mirror.items.client.put_item(TableName=mirror.items.table, Item=item)
    assert "deleted here" in mirror_restore("--apply")[1]
    assert not Session.objects.filter(pk=session.pk).exists()


def test_a_row_deleted_with_triggers_off_is_restored(mirror: Stores, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM sessions_app_session")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert mirror_restore("--apply")[0] == 0
    assert Session.objects.count() == 2
    assert_equal_after_sync(mirror)


def test_a_row_without_an_item_is_lost_unless_it_is_pending(
    mirror: Stores, session: Session
) -> None:
    make_campaign(session.owner)
    delete_item(mirror, item_of(mirror, session.pk))
    by_label = tallies(mirror)
    assert by_label["campaigns.campaign"].pending == 1
    assert by_label["sessions_app.session"].lost == 1
    assert mirror_restore("--dry-run")[0] == 1


def test_a_model_comes_after_those_that_it_refers_to() -> None:
    assert documents_in_order() == [CampaignDocument, SessionDocument, HighlightDocument]


def test_all_pages_of_a_scan_are_compared(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 120, notes="n" * 20_000)  # more than a page of a scan holds
    worker.drain()
    assert of_sessions(restore(mirror, apply=False)).equal == 120


class GeneratedStores:
    """Both stores, which generate what they hold when they are asked, and keep nothing."""

    def __init__(self, owner: User, count: int) -> None:
        self.owner, self.count = owner, count
        self.items = self.objects = self

    def session(self, number: int) -> Session:
        text = f"MATT: {number}\n" * 5000
        when = datetime(2026, 2, 5, tzinfo=UTC)
        fields: dict[str, Any] = {"created_at": when, "updated_at": when}
        pk = UUID(int=number)
        return Session(pk=pk, owner=self.owner, name="S", transcript_text=text, **fields)

    def item(self, number: int) -> dict[str, Any]:
        rendered = render(SessionDocument, self.session(number))
        keys = {body.attribute: body.fingerprint.key(1) for body in rendered.bodies}
        return rendered.item(1, keys)

    def scan(self) -> Iterator[list[dict[str, Any]]]:
        for start in range(0, self.count, 150):
            yield [self.item(number) for number in range(start, min(start + 150, self.count))]

    def get_many(self, keys: list[ItemKey], **_: Any) -> dict[ItemKey, dict[str, Any]]:
        return {key: self.item(UUID(key.sk.removeprefix("sess#")).int) for key in keys}

    def get(self, key: str) -> bytes:
        (body,) = SessionDocument.bodies(self.session(UUID(key.split("/")[1]).int))
        return body.content


def peak_memory_of_a_restore(owner: User, count: int) -> int:
    """Restore this number of sessions; return the most bytes that were allocated at a time."""
    stores: Any = GeneratedStores(owner, count)
    tracemalloc.start()
    try:
        tally = of_sessions(restore(stores, apply=True))
        assert (tally.restored + tally.equal, tally.problems) == (count, 0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_rows(transactional_db: None, owner: User) -> None:
    peak_memory_of_a_restore(owner, 20)  # fills the caches
    few = peak_memory_of_a_restore(owner, 100)
    many = peak_memory_of_a_restore(owner, 220)  # several pages
    assert many < few + 2_000_000, (few, many)
    assert many < 20_000_000
