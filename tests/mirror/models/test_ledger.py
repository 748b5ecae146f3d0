"""The ledger's verbs, where transactions meet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.engine import Attempt
from sessions_app.models import Session
from tests.support.stored import assert_equal


@pytest.fixture
def claimed(transactional_db: None, owner: User) -> LedgerEntry:
    Campaign.objects.create(owner=owner, name="C")
    (entry,) = LedgerEntry.objects.due().claim(1)
    return entry


@contextmanager
def locked(entry: LedgerEntry) -> Iterator[threading.Event]:
    """Lock the row of ``entry`` in another transaction until the event is set."""
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            LedgerEntry.objects.select_for_update().get(pk=entry.pk)
            held.set()
            release.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    try:
        yield release
    finally:
        release.set()
        thread.join()


def test_a_row_locked_for_a_moment_is_waited_for(
    claimed: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked(claimed) as release:

        def sleep(seconds: float) -> None:
            if seconds:  # the second try
                release.set()
                threading.Event().wait(0.2)

        monkeypatch.setattr("mirror.models.ledger.time.sleep", sleep)
        assert claimed.acknowledge([], {})
    assert LedgerEntry.objects.get().state == "mirrored"


def test_a_row_locked_for_long_is_not(claimed: LedgerEntry) -> None:
    with locked(claimed):
        assert not claimed.release()


def test_claims_of_many_threads_leave_none_behind(mirror: Stores, owner: User) -> None:
    Session.objects.bulk_create(
        Session(owner=owner, name=f"S{n}", transcript_text="MATT: Hi") for n in range(200)
    )
    assert worker.drain().complete
    assert not LedgerEntry.objects.exclude(claim=None).exists()
    assert_equal(mirror)


def test_asking_again_does_not_wait_for_a_row_that_a_person_holds(
    mirror: Stores, owner: User
) -> None:
    """Mirrored rows, too: a removal that is to be repeated belongs to them."""
    for name in ("held", "free"):
        Campaign.objects.create(owner=owner, name=name)
    worker.drain()
    later = timezone.now() + timedelta(hours=1)
    LedgerEntry.objects.update(sweep_at=later)
    held, free = LedgerEntry.objects.order_by("pk")
    with locked(held):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")  # waiting is the failure
        try:
            LedgerEntry.objects.make_due_now()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 0")
    held.refresh_from_db()
    free.refresh_from_db()
    assert held.sweep_at == later
    assert free.sweep_at
    assert free.sweep_at < later


def test_a_run_ends_where_every_attempt_is_left_to_somebody_else(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Campaign.objects.create(owner=owner, name="C")
    monkeypatch.setattr(worker, "PATIENCE", 1.0)
    monkeypatch.setattr(Attempt, "run", lambda self: False)
    drained = worker.drain()
    assert (drained.mirrored, drained.backlog.pending) == (0, 1)


def test_what_was_left_waits_behind_the_others(transactional_db: None, owner: User) -> None:
    for name in ("A", "B"):
        Campaign.objects.create(owner=owner, name=name)
    (first,) = LedgerEntry.objects.due().claim(1)
    assert first.release()
    (second,) = LedgerEntry.objects.due().claim(1)
    assert second != first


def test_what_is_locked_is_not_asked_for_all_the_time(mirror: Stores, owner: User) -> None:
    Campaign.objects.create(owner=owner, name="C")
    with locked(LedgerEntry.objects.get()):
        assert not worker.mirror_due()
        wait = worker._seconds_until_due()
    assert wait is not None
    assert wait >= 0.5
