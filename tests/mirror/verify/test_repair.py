"""The repair: what it repairs, what it leaves, and what it says if it fails."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from mirror.documents.items import Item, Known
from mirror.errors import Failure, Kind, StoreError, Unmirrorable
from mirror.models import CheckRun, LedgerEntry
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import ItemStore
from mirror.sync import worker
from mirror.verify import check, repair
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.stored import assert_equal, item_of
from tests.support.tampering import (
    delete_item,
    delete_object,
    put_foreign_item,
    put_object_without_row,
    put_orphaned_object,
)

mirror_check = partial(run, "mirror_check")


def test_orphaned_objects_past_their_first_hour_are_removed_on_request(
    mirror: Stores, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_orphaned_object(mirror, item_of(mirror, session.pk))
    put_object_without_row(mirror, {})
    monkeypatch.setattr("mirror.verify.repair.YOUNG", timedelta(0))
    code, printed = mirror_check("--repair", "--dry-run", "--delete-orphans")
    assert (code, printed.count("would be removed."), "again" in printed) == (1, 2, False)
    assert len(check.check(mirror).findings) == 2
    assert mirror_check("--repair", "--delete-orphans")[0] == 0
    assert_equal(mirror)


def test_a_repair_names_each_row_and_says_why_it_leaves_an_orphan(
    mirror: Stores, session: Session
) -> None:
    put_object_without_row(mirror, {})
    _, printed = mirror_check("--repair", "--dry-run")
    assert "1-0.json would be left.\n" in printed
    assert (
        "An orphan may be all that is left of a row. If rows were lost, bring them back first: "
        "manage.py mirror_restore --dry-run. Then manage.py mirror_check --repair --delete-orphans "
        "removes the orphans.\n"
    ) in printed
    _, printed = mirror_check("--repair", "--dry-run", "--delete-orphans")
    assert "1-0.json would be left: it is younger than an hour." in printed

    item = item_of(mirror, session.pk)
    delete_item(mirror, item)
    delete_object(mirror, item)
    _, printed = mirror_check("--repair", "--dry-run")
    assert f"object_missing sessions_app.session {session.pk} would be mirrored again." in printed


def test_an_item_that_names_no_row_is_named_once(mirror: Stores) -> None:
    put_foreign_item(mirror, {})
    _, printed = mirror_check()
    assert f"  {'orphaned':20} not written by the mirror\n" in printed


def test_rows_of_a_restored_ledger_are_parked_until_they_are_repaired(
    mirror: Stores, session: Session
) -> None:
    for _ in range(3):
        session.save()
    worker.drain()
    LedgerEntry.objects.update(revision=1, mirrored_revision=1)  # as after a restore of a backup
    Session.objects.filter(pk=session.pk).update(name="after the restore")
    assert worker.drain().backlog.parked == 1
    assert LedgerEntry.objects.parked().get().error_class == "RemoteAhead"
    assert mirror_check()[0] == 1
    assert mirror_check("--repair")[0] == 0
    assert_equal(mirror)


def test_what_people_change_passes_a_repair(mirror: Stores, session: Session) -> None:
    delete_item(mirror, item_of(mirror, session.pk))
    repair.mark_dirty(check.check(mirror).findings, mirror)
    assert LedgerEntry.objects.owed().get().backfill
    session.save()
    assert not LedgerEntry.objects.owed().get().backfill


def test_a_repair_that_fails_ends_with_exit_code_1(
    mirror: Stores, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = item_of(mirror, session.pk)
    key = f"{item['pk']} {item['sk']}"
    delete_item(mirror, item)

    def refuse(*_: Any, **__: Any) -> None:
        raise StoreError(Failure(Kind.BUSY, "ClientError", "ThrottlingException", "DynamoDB"))

    monkeypatch.setattr("mirror.stores.dynamodb.ItemStore.put", refuse)
    monkeypatch.setattr(worker, "SOON", 0)
    code, printed = mirror_check("--repair")
    assert code == 1
    assert f"missing {key} is not repaired: pending (ClientError ThrottlingException)." in printed
    assert "Not everything could be repaired" in printed


def test_a_repair_tells_what_is_mirrored_again_from_what_is_parked(
    mirror: Stores, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = item_of(mirror, session.campaign_id)
    refused = item_of(mirror, session.pk)
    for item in (campaign, refused):
        delete_item(mirror, item)
    put = ItemStore.put

    def refuse_one(store: ItemStore, item: Item, known: Known) -> None:
        if item["id"] == {"S": refused["id"]}:
            raise Unmirrorable("ItemTooLarge")
        put(store, item, known)

    monkeypatch.setattr(ItemStore, "put", refuse_one)
    code, printed = mirror_check("--repair")
    assert code == 1
    assert f"missing {campaign['pk']} {campaign['sk']} is mirrored again." in printed
    parked = f"missing {refused['pk']} {refused['sk']} is not repaired: parked"
    assert f"{parked} (Unmirrorable ItemTooLarge)." in printed
    assert "Not everything could be repaired: 1 of 2 differences stay." in printed
    run_ = CheckRun.objects.get()
    assert (run_.repaired_count, run_.counts["missing"]) == (2, 1)


def test_a_finding_that_the_ledger_cannot_hold_is_not_said_to_be_removed(mirror: Stores) -> None:
    item = {"pk": {"S": "foreign"}, "sk": {"S": "x" * 300}}
    mirror.items.client.put_item(TableName=mirror.items.table, Item=item)
    code, printed = mirror_check("--repair", "--delete-orphans")
    assert (code, "is removed" in printed) == (1, False)
    assert "xxx is left: the ledger cannot hold its name or its revision." in printed
