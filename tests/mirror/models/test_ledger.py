"""The ledger beside transactions that hold its rows."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from campaigns.models import Campaign
from mirror.models import LedgerEntry, State
from mirror.models.attempts import Note
from mirror.models.key_states import KeyState
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.factories import make_campaign, make_session
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


def test_entries_of_an_unknown_model_are_not_claimed(transactional_db: None, owner: User) -> None:
    """Another version of the code knows it, during a deploy; or nobody does any more."""
    LedgerEntry.objects.create(model="library.book", object_id="1")
    make_campaign(owner)
    (entry,) = LedgerEntry.objects.due().claim(2)
    assert entry.model == "campaigns.campaign"


def test_entries_are_claimed_in_the_order_in_which_they_are_due(
    transactional_db: None, owner: User
) -> None:
    """Whichever model they belong to."""
    session = make_session(owner)
    first, second = make_campaign(owner, "A"), make_campaign(owner, "B")
    for row, minutes in ((second, 1), (session, 2), (first, 3)):
        due = timezone.now() - timedelta(minutes=minutes)
        LedgerEntry.objects.filter(object_id=row.pk).update(next_attempt_at=due)
    claimed = [entry for _ in range(3) for entry in LedgerEntry.objects.due().claim(1)]
    assert [entry.object_id for entry in claimed] == [str(r.pk) for r in (first, session, second)]


def test_a_claimed_entry_is_due_again_when_its_lease_has_ended(claimed: LedgerEntry) -> None:
    assert LedgerEntry.objects.due().claim(1) == []
    LedgerEntry.objects.update(claimed_until=timezone.now())
    assert LedgerEntry.objects.due().claim(1) == [claimed]


def test_a_row_that_changes_while_it_is_claimed_is_due_once_the_claim_is_given_back(
    claimed: LedgerEntry,
) -> None:
    Campaign.objects.update(name="changed")
    assert LedgerEntry.objects.due().claim(1) == []
    assert LedgerEntry.objects.release([claimed])
    assert LedgerEntry.objects.due().claim(1) == [claimed]


def test_what_is_claimed_may_be_due_at_any_moment(claimed: LedgerEntry, owner: User) -> None:
    """Even if something else is known to be due earlier than the end of the claim."""
    make_campaign(owner, "in back-off")
    later = timezone.now() + timedelta(seconds=20)
    LedgerEntry.objects.filter(claim=None).update(next_attempt_at=later)
    assert LedgerEntry.objects.due_in() == timedelta()
    assert LedgerEntry.objects.acknowledge([Note(claimed, [], {})])
    wait = LedgerEntry.objects.due_in()
    assert wait is not None
    assert timedelta(seconds=1) < wait <= timedelta(seconds=20)


def test_what_is_parked_or_of_an_unknown_model_is_never_due(
    transactional_db: None, owner: User
) -> None:
    make_campaign(owner)
    LedgerEntry.objects.update(parked_at=timezone.now())
    LedgerEntry.objects.create(model="library.book", object_id="1")
    assert LedgerEntry.objects.due_in() is None


def test_a_removal_to_be_repeated_is_due_at_its_time(claimed: LedgerEntry) -> None:
    lands = timezone.now() + timedelta(minutes=16)
    states = {"transcripts/1/1-0.json": KeyState(may_land_until=lands)}
    assert LedgerEntry.objects.acknowledge([Note(claimed, [], states, sweep_at=lands)])
    wait = LedgerEntry.objects.due_in()
    assert wait is not None
    assert timedelta(minutes=15) < wait <= timedelta(minutes=16)
    LedgerEntry.objects.make_due_now()
    assert LedgerEntry.objects.due().claim(1) == [claimed]


def test_the_models_of_the_ledger(transactional_db: None) -> None:
    for model in ("library.book", "", "library.author"):
        for object_id in "12":
            LedgerEntry.objects.create(model=model, object_id=object_id)
    assert LedgerEntry.objects.models() == ["library.author", "library.book"]
