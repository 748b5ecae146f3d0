"""The ledger beside transactions that hold its rows."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from mirror.models import LedgerEntry, State
from mirror.models.ledger import Note
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.factories import make_campaign
from tests.support.locks import locked


@pytest.fixture
def claimed(transactional_db: None, owner: User) -> LedgerEntry:
    make_campaign(owner)
    (entry,) = LedgerEntry.objects.due().claim(1)
    return entry


def test_an_acknowledgement_waits_for_a_short_lock(
    claimed: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked(claimed) as release:

        def sleep(seconds: float) -> None:
            if seconds:  # before the second try
                release.set()
                threading.Event().wait(0.2)

        monkeypatch.setattr("mirror.models.claims.time.sleep", sleep)
        assert LedgerEntry.objects.acknowledge([Note(claimed, [], {})])
    assert LedgerEntry.objects.get().state == State.MIRRORED


def test_a_release_does_not_wait_for_a_long_lock(claimed: LedgerEntry) -> None:
    with locked(claimed):
        assert not LedgerEntry.objects.release([claimed])


def test_make_due_now_does_not_wait_for_a_locked_row(mirror: Stores, owner: User) -> None:
    """This includes mirrored rows, since a removal that must be repeated belongs to one."""
    for name in ("locked", "free"):
        make_campaign(owner, name)
    worker.drain()
    later = timezone.now() + timedelta(hours=1)
    LedgerEntry.objects.update(sweep_at=later)
    locked_entry, free_entry = LedgerEntry.objects.order_by("pk")
    with locked(locked_entry):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")  # a wait ends with an error
        try:
            LedgerEntry.objects.make_due_now()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 0")
    locked_entry.refresh_from_db()
    free_entry.refresh_from_db()
    assert locked_entry.sweep_at == later
    assert free_entry.sweep_at
    assert free_entry.sweep_at < later


def test_a_released_entry_is_claimed_after_the_others(transactional_db: None, owner: User) -> None:
    for name in ("A", "B"):
        make_campaign(owner, name)
    (first,) = LedgerEntry.objects.due().claim(1)
    assert LedgerEntry.objects.release([first])
    (second,) = LedgerEntry.objects.due().claim(1)
    assert second != first
