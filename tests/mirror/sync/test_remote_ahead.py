"""PostgreSQL was restored from a backup: what only the mirror holds is never overwritten unseen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from campaigns.documents import CampaignDocument
from campaigns.models import Campaign
from mirror.models import LedgerEntry, State
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.faults.protocol_steps import SimulatedKill, before_step, simulate_kill
from tests.support.commands import run
from tests.support.factories import make_campaign, make_session
from tests.support.stored import assert_equal, item_of, live_items

COLUMNS = ("revision", "mirrored_revision", "item_keys", "object_keys", "attempted")


def restored_after_edits(owner: User, edits: int) -> Campaign:
    """Return a campaign of a database that was restored; ``edits`` newer ones are in the mirror."""
    campaign = make_campaign(owner, "old")
    worker.drain()
    backup = LedgerEntry.objects.filter(object_id=campaign.pk).values(*COLUMNS).get()
    for number in range(1, edits + 1):
        campaign.name = f"newer edit {number}"
        campaign.save()
        worker.drain()
    campaign.name = "old"
    campaign.save()
    LedgerEntry.objects.filter(object_id=campaign.pk).update(**backup)
    return campaign


def entry_of(campaign: Campaign | Session) -> LedgerEntry:
    return LedgerEntry.objects.get(object_id=campaign.pk)


def save(campaign: Campaign | Session, name: str) -> None:
    campaign.name = name
    campaign.save()


def kill_before(step: str) -> None:
    """Let a worker be killed just before ``step``, and its lease end."""
    with before_step(step, simulate_kill), pytest.raises(SimulatedKill):
        worker.mirror_due()
    LedgerEntry.objects.update(claim=None, claimed_until=None)


def assert_remote_ahead(mirror: Stores, campaign: Campaign, kept: str) -> None:
    """The row is parked and named, the edit is kept; a repair, and nothing else, overwrites it."""
    entry = entry_of(campaign)
    assert (entry.state, entry.error_class) == (State.PARKED, "RemoteAhead")
    assert item_of(mirror, campaign.pk)["name"] == kept
    assert run("mirror_check", "--repair")[0] == 0
    assert item_of(mirror, campaign.pk)["name"] == campaign.name
    assert_equal(mirror)


@pytest.mark.parametrize("edits", [1, 2, 3])
@pytest.mark.parametrize("saves", [1, 2, 3, 5])
def test_saves_after_a_restore_do_not_overwrite_a_newer_edit(
    mirror: Stores, owner: User, edits: int, saves: int
) -> None:
    campaign = restored_after_edits(owner, edits)
    for number in range(saves):
        save(campaign, f"after the restore {number}")
    worker.drain()
    assert_remote_ahead(mirror, campaign, f"newer edit {edits}")


def test_nor_does_a_save_of_a_row_that_is_parked_already(mirror: Stores, owner: User) -> None:
    campaign = restored_after_edits(owner, 1)
    for number in range(3):
        save(campaign, f"after the restore {number}")
        worker.drain()
    assert_remote_ahead(mirror, campaign, "newer edit 1")


@pytest.mark.parametrize("step", ["record", "item put"])
def test_nor_does_a_worker_after_one_that_was_killed(
    mirror: Stores, owner: User, step: str
) -> None:
    campaign = restored_after_edits(owner, 1)
    save(campaign, "after the restore")
    kill_before(step)
    save(campaign, "after the kill")
    worker.drain()
    assert_remote_ahead(mirror, campaign, "newer edit 1")


def test_nor_does_a_deletion(mirror: Stores, owner: User) -> None:
    campaign = restored_after_edits(owner, 1)
    object_id = str(campaign.pk)
    save(campaign, "after the restore")
    campaign.delete()
    worker.drain()
    assert LedgerEntry.objects.get(object_id=object_id).error_class == "RemoteAhead"
    assert item_of(mirror, object_id)["name"] == "newer edit 1"


def test_what_a_killed_worker_has_written_is_overwritten(mirror: Stores, owner: User) -> None:
    """The table is ahead of what is acknowledged, but not of what the ledger knows."""
    campaign = make_campaign(owner, "old")
    worker.drain()
    for name in ("written and not acknowledged", "written again and not acknowledged"):
        save(campaign, name)
        kill_before("acknowledgement")
    save(campaign, "newest")
    worker.drain()
    assert item_of(mirror, campaign.pk)["name"] == "newest"
    assert entry_of(campaign).attempted == []
    assert_equal(mirror)


@pytest.mark.parametrize("mirrored_before", [True, False])
def test_nor_does_a_move_to_where_a_lost_edit_lies(
    mirror: Stores, owner: User, mirrored_before: bool
) -> None:
    """What is acknowledged under one key says nothing of what lies under another."""
    here, there = make_campaign(owner, "here"), make_campaign(owner, "there")
    session = make_session(owner, here, "old")
    if mirrored_before:
        worker.drain()
    backup = LedgerEntry.objects.filter(object_id=session.pk).values(*COLUMNS).get()
    session.campaign, session.name = there, "only the table holds this"
    session.save()
    worker.drain()
    session.campaign, session.name = here, "old"
    session.save()
    LedgerEntry.objects.filter(object_id=session.pk).update(**backup)

    save(session, "after the restore")
    worker.drain()
    if mirrored_before:
        assert entry_of(session).error_class == "RemoteAhead"
        assert run("mirror_check", "--repair")[0] == 1  # the other item is an orphan, and is left
    for number in range(4):
        save(session, f"edit {number}")
        worker.drain()
        assert entry_of(session).state == State.MIRRORED
    session.campaign = there  # the move that was lost, once more
    session.save()
    worker.drain()
    assert entry_of(session).error_class == "RemoteAhead"
    names = {item["name"] for item in live_items(mirror)}
    assert "only the table holds this" in names


@pytest.fixture
def new_code(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A function after whose call the same rows are rendered differently."""

    def deploy() -> None:
        for document in (CampaignDocument, SessionDocument):
            options = dataclasses.replace(document.mirror_options, version="2")
            monkeypatch.setattr(document, "mirror_options", options)

    return deploy


def test_a_deploy_between_a_put_and_its_acknowledgement_is_no_restore(
    mirror: Stores, owner: User, new_code: Callable[[], None]
) -> None:
    campaign = make_campaign(owner, "one")
    worker.drain()
    save(campaign, "two")
    kill_before("acknowledgement")
    new_code()
    worker.drain()
    assert (entry_of(campaign).state, entry_of(campaign).error_class) == (State.MIRRORED, "")
    assert_equal(mirror)


def test_a_removal_after_a_deploy_is_no_restore(
    mirror: Stores, owner: User, new_code: Callable[[], None]
) -> None:
    session = make_session(owner, None, "one", transcript_text="MATT: 0")
    worker.drain()
    session.transcript_text = "MATT: 1"
    session.save()
    kill_before("acknowledgement")
    session.transcript_text = "MATT: 2"
    session.save()
    worker.drain()
    assert entry_of(session).sweep_at
    new_code()
    LedgerEntry.objects.make_due_now()
    worker.drain()
    assert (entry_of(session).state, entry_of(session).error_class) == (State.MIRRORED, "")
    assert_equal(mirror)


def test_an_item_is_known_after_many_attempts(mirror: Stores, owner: User) -> None:
    campaign = make_campaign(owner, "one")
    worker.drain()
    save(campaign, "put and not acknowledged")
    kill_before("acknowledgement")
    for number in range(60):
        save(campaign, f"{number}")
        kill_before("item put")
    worker.drain()
    assert (entry_of(campaign).state, entry_of(campaign).error_class) == (State.MIRRORED, "")
    assert_equal(mirror)
