"""The repair: what it repairs, what it leaves, and what it says if it fails."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from mirror.errors import Failure, Kind, StoreError
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
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
    assert (code, printed.count("would be removed."), "repaired" in printed) == (1, 2, False)
    assert len(check.check(mirror).findings) == 2
    assert mirror_check("--repair", "--delete-orphans")[0] == 0
    assert_equal(mirror)


def test_a_repair_names_each_row_and_says_why_it_leaves_an_orphan(
    mirror: Stores, session: Session
) -> None:
    put_object_without_row(mirror, {})
    _, printed = mirror_check("--repair", "--dry-run")
    assert "1-0.json would be left: --delete-orphans removes it." in printed
    _, printed = mirror_check("--repair", "--dry-run", "--delete-orphans")
    assert "1-0.json would be left: it is younger than an hour." in printed

    item = item_of(mirror, session.pk)
    delete_item(mirror, item)
    delete_object(mirror, item)
    _, printed = mirror_check("--repair", "--dry-run")
    assert f"object_missing sessions_app.session {session.pk} would be repaired." in printed


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
    delete_item(mirror, item_of(mirror, session.pk))

    def refuse(*_: Any, **__: Any) -> None:
        raise StoreError(Failure(Kind.BUSY, "ClientError", "ThrottlingException", "DynamoDB"))

    monkeypatch.setattr("mirror.stores.dynamodb.ItemStore.put", refuse)
    monkeypatch.setattr(worker, "SOON", 0)
    code, printed = mirror_check("--repair")
    assert code == 1
    assert "Not everything could be repaired" in printed
