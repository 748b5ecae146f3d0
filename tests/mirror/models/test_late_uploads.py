"""When an upload may still land: never said to be earlier than it can be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from mirror.models import LedgerEntry, State
from mirror.models.claims import LEASE
from mirror.models.key_states import IN_USE, LANDED, REUPLOADED, KeyState, dump
from mirror.stores.clients import Stores, background_clients
from mirror.sync import worker
from mirror.sync.breaker import breaker
from mirror.sync.engine import mirror_entry
from tests.support.aws import cut_off
from tests.support.factories import TRANSCRIPT, make_campaign, make_session
from tests.support.stored import assert_equal, objects

SIGNED = timedelta(minutes=15)  # so long AWS accepts a request
LATE = "transcripts/x/1-late.json"


@pytest.fixture
def claimed(mirror: Stores, owner: User) -> LedgerEntry:
    make_session(owner, transcript_text=TRANSCRIPT)
    (entry,) = LedgerEntry.objects.due().claim(1)
    return entry


def let_pass(entry: LedgerEntry, time: timedelta) -> None:
    """Make a claim ``time`` older."""
    entry.claimed_at -= time
    entry.lease_ends -= time.total_seconds()


def test_an_upload_after_a_renewal_may_land_for_as_long_as_any_other(
    claimed: LedgerEntry, aws_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_pass(claimed, LEASE - timedelta(seconds=1))
    assert LedgerEntry.objects.renew([claimed])
    last_sent = LedgerEntry.objects.get().claimed_until
    assert last_sent
    cut_off("S3", aws_address, monkeypatch)
    mirror_entry(claimed, background_clients(), breaker)
    (state,) = LedgerEntry.objects.get().key_states.values()
    assert state.may_land_until >= last_sent + SIGNED


@pytest.mark.parametrize("recorded", [{}, {LATE: LANDED}], ids=["forgotten", "recorded"])
def test_an_upload_sent_after_the_lease_may_land_from_then_on(
    claimed: LedgerEntry, recorded: dict[str, KeyState]
) -> None:
    sent = claimed.claimed_at
    let_pass(claimed, timedelta(hours=1))
    LedgerEntry.objects.update(claim=None, object_keys=dump(recorded))
    claimed.note_late_uploads([LATE])
    assert LedgerEntry.objects.get().key_states[LATE].may_land_until >= sent + SIGNED


def test_a_late_upload_to_a_key_in_use_is_no_reason_to_remove_it(claimed: LedgerEntry) -> None:
    LedgerEntry.objects.update(claim=None, object_keys=dump({LATE: IN_USE}))
    claimed.note_late_uploads([LATE])
    assert LedgerEntry.objects.get().key_states == {LATE: REUPLOADED}


def test_a_late_upload_is_noted_beside_an_attempt_of_another_worker(
    mirror: Stores, claimed: LedgerEntry
) -> None:
    LedgerEntry.objects.update(claim=None, claimed_until=None)
    (taken_over,) = LedgerEntry.objects.due().claim(1)
    mirror.objects.put(LATE, b"{}")
    claimed.note_late_uploads([LATE])
    mirror_entry(taken_over, mirror, breaker)
    assert LATE in LedgerEntry.objects.get().key_states
    worker.drain()
    assert LATE not in objects(mirror)
    assert LedgerEntry.objects.get().state == State.MIRRORED
    assert_equal(mirror)


def test_a_late_upload_of_a_mirrored_row_is_removed(mirror: Stores, claimed: LedgerEntry) -> None:
    mirror_entry(claimed, mirror, breaker)
    make_campaign(User.objects.get())  # another entry
    mirror.objects.put(LATE, b"{}")
    claimed.note_late_uploads([LATE])
    assert LedgerEntry.objects.due().count() == 2
    worker.drain()
    assert LATE not in objects(mirror)
    assert_equal(mirror)
