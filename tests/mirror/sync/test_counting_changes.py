"""Changes are counted by kind when they are acknowledged: each once, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from mirror.documents.items import ItemKey
from mirror.models import Change, ChangeCount, Changes, LedgerEntry
from mirror.models.attempts import Note
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.backfill import enqueue_all
from sessions_app.models import Session
from tests.faults.threads import running_in_thread
from tests.support.aws import cut_off, point_clients_at
from tests.support.factories import make_campaign, make_session, make_sessions

COUNTED_BEFORE = Changes(2, 0, 0, 0)  # the campaign and the session of the fixture


@pytest.fixture
def mirrored(session: Session) -> Session:
    """A filed session that is mirrored."""
    worker.drain()
    assert ChangeCount.objects.total() == COUNTED_BEFORE
    return session


def rename(session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(name="another")


def move(session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(campaign=None)


def delete(session: Session) -> None:
    session.delete()


def delete_with_campaign(session: Session) -> None:
    assert session.campaign
    session.campaign.delete()  # which leaves the session unfiled


def delete_and_insert(session: Session) -> None:
    (same,) = Session.objects.filter(pk=session.pk)
    session.delete()
    worker.drain()
    same.save(force_insert=True)


def change_before_it_is_mirrored(session: Session) -> None:
    for number in range(3):
        make_session(session.owner, name=f"{number}").save()
    move(Session.objects.latest("created_at"))


def change_twice(session: Session) -> None:
    rename(session)
    move(session)


def come_and_go(session: Session) -> None:
    make_session(session.owner).delete()


def backfill(session: Session) -> None:
    enqueue_all(force_upload=True)


def backfill_what_has_changed(session: Session) -> None:
    rename(session)
    enqueue_all()


def repeat_a_removal(session: Session) -> None:
    assert LedgerEntry.objects.filter(sweep_at=None).update(sweep_at="2000-01-01T00:00Z")


def leave_an_item_without_a_row(session: Session) -> None:
    LedgerEntry.objects.mark_dirty("", "orphan", item_keys=[ItemKey("user#1", "camp#1")])


@pytest.mark.parametrize(
    ("happen", "changes"),
    [
        (rename, Changes(0, 1, 0, 0)),
        (move, Changes(0, 0, 1, 0)),
        (delete, Changes(0, 0, 0, 1)),
        (delete_with_campaign, Changes(0, 0, 1, 1)),
        (delete_and_insert, Changes(1, 0, 0, 1)),
        (change_before_it_is_mirrored, Changes(3, 0, 0, 0)),
        (change_twice, Changes(0, 0, 1, 0)),
        (come_and_go, Changes(0, 0, 0, 0)),
        (backfill, Changes(0, 0, 0, 0)),
        (backfill_what_has_changed, Changes(0, 1, 0, 0)),
        (repeat_a_removal, Changes(0, 0, 0, 0)),
        (leave_an_item_without_a_row, Changes(0, 0, 0, 0)),
    ],
)
def test_each_kind_is_counted(
    mirrored: Session, happen: Callable[[Session], None], changes: Changes
) -> None:
    happen(mirrored)
    assert worker.drain().complete
    assert ChangeCount.objects.total().since(COUNTED_BEFORE) == changes


def test_nothing_is_counted_before_it_is_mirrored(
    mirrored: Session, aws_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off("DynamoDB", aws_address, monkeypatch)
    move(mirrored)
    worker.mirror_due()
    assert ChangeCount.objects.total() == COUNTED_BEFORE
    point_clients_at(aws_address, aws_address, monkeypatch)
    assert worker.drain().complete
    assert ChangeCount.objects.total().since(COUNTED_BEFORE) == Changes(0, 0, 1, 0)


@pytest.mark.usefixtures("inline")
def test_changes_that_a_request_mirrors_are_counted(mirror: Stores, owner: User) -> None:
    campaign = make_campaign(owner)
    campaign.save()
    assert ChangeCount.objects.total() == Changes(1, 1, 0, 0)


def test_a_change_that_was_overtaken_is_not_counted(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 2)
    overtaken, mirrored = LedgerEntry.objects.due().claim(2)
    LedgerEntry.objects.filter(pk=overtaken.pk).update(revision=2)
    notes = [Note(entry, [], {}, change=Change.CREATE) for entry in (overtaken, mirrored)]
    assert LedgerEntry.objects.acknowledge(notes) == {mirrored.pk}
    assert ChangeCount.objects.total() == Changes(1, 0, 0, 0)


def test_connections_do_not_count_in_one_row(mirror: Stores, owner: User) -> None:
    def create() -> None:
        make_campaign(owner)
        worker.drain()

    create()
    for _ in range(3):
        with running_in_thread(create):
            pass
    assert ChangeCount.objects.total() == Changes(4, 0, 0, 0)
    assert ChangeCount.objects.count() > 1
