"""The backfill enqueues every row, and waits for no transaction while it holds locks."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import pipeline, worker
from mirror.sync.backfill import enqueue_all
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_sessions
from tests.support.stored import assert_equal, assert_equal_after_sync
from tests.support.tampering import lose_unnoticed


@pytest.fixture
def thirty_unknown_rows(mirror: Stores, owner: User) -> None:
    """Thirty rows that the ledger does not know, as they were there before the mirror."""
    make_sessions(owner, 30, transcript_text=TRANSCRIPT)
    LedgerEntry.objects.all().delete()


def test_a_backfill_mirrors_rows_that_existed_before_the_mirror(
    mirror: Stores, thirty_unknown_rows: None
) -> None:
    assert worker.drain().mirrored == 0
    assert run("mirror_sync", "--all") == (
        0,
        "30 rows are enqueued.\n30 mirrored, 0 pending, 0 parked.\n",
    )
    assert_equal(mirror)


def test_an_interrupted_backfill_is_resumed_by_the_next_drain(
    mirror: Stores, thirty_unknown_rows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "THREADS", 4)  # so that not all rows are under way at once
    enqueue_all()
    stop = threading.Event()
    first = worker.Worker(stop=stop, progress=lambda _: stop.set()).drain()
    assert 0 < first.mirrored < 30
    second = worker.drain()
    assert first.mirrored + second.mirrored == 30
    assert_equal(mirror)
    assert set(LedgerEntry.objects.values_list("revision", flat=True)) == {1}


def a_connection_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("known", [True, False], ids=["known", "new to the ledger"])
def test_a_backfill_that_waits_for_a_transaction_holds_no_other_rows(
    mirror: Stores, owner: User, known: bool
) -> None:
    sessions = make_sessions(owner, 10, transcript_text=TRANSCRIPT)
    *others, busy = sorted(sessions, key=lambda session: session.pk)
    if not known:
        LedgerEntry.objects.all().delete()
    locked, release, done = threading.Event(), threading.Event(), threading.Event()
    released: list[bool] = []

    def hold() -> None:
        with transaction.atomic():
            Session.objects.filter(pk=busy.pk).update(name="held")
            locked.set()
            released.append(release.wait(20))
        connection.close()

    def backfill() -> None:
        enqueue_all()
        done.set()
        connection.close()

    holder, filler = threading.Thread(target=hold), threading.Thread(target=backfill)
    holder.start()
    locked.wait(10)
    filler.start()
    while not a_connection_waits_for_a_lock():
        done.wait(0.01)
    for session in others:  # none of these updates has to wait
        Session.objects.filter(pk=session.pk).update(name="free")
    release.set()
    holder.join()
    filler.join()
    assert done.is_set()
    assert released == [True]  # not timed out: no update above has waited for the backfill
    assert_equal_after_sync(mirror)


def test_a_backfill_leaves_alone_what_is_left_of_a_lost_row(mirror: Stores, owner: User) -> None:
    lost, _ = make_sessions(owner, 2, transcript_text=TRANSCRIPT)
    worker.drain()
    lose_unnoticed("DELETE FROM sessions_app_session WHERE id = %s", [lost.pk])
    assert run("mirror_sync", "--all")[0] == 0
    code, printed = run("mirror_check")
    assert (code, "  orphaned  " in printed, "  object_orphaned  " in printed) == (1, True, True)
    assert "bring them back first: manage.py mirror_restore --dry-run. Then" in printed
    assert run("mirror_restore", "--apply")[0] == 0
    assert Session.objects.get(pk=lost.pk).transcript_text == TRANSCRIPT
    assert_equal_after_sync(mirror)
