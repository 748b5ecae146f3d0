"""What stands in the stores after a drain, or after a request with inline dispatch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

import mirror as mirror_app
from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.stores.s3 import ObjectStore
from mirror.sync import worker
from sessions_app.models import Session
from tests.support.stored import (
    assert_equal,
    assert_equal_after_sync,
    item_of,
    live_items,
    objects,
    transcript_of,
)


@pytest.fixture
def campaign(mirror: Stores, owner: User) -> Campaign:
    return Campaign.objects.create(owner=owner, name="Lighthouses")


@pytest.fixture
def session(campaign: Campaign) -> Session:
    return Session.objects.create(
        owner=campaign.owner,
        campaign=campaign,
        name="One",
        transcript_text="MATT: “Hello” 🐉\n",
        transcript_json={"results": {"b": [1, None, 2.5], "a": {}}},
    )


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that are uploaded from now on."""
    keys: list[str] = []
    put = ObjectStore.put

    def record(self: ObjectStore, key: str, content: bytes) -> None:
        keys.append(key)
        put(self, key, content)

    monkeypatch.setattr(ObjectStore, "put", record)
    return keys


def test_a_transcript_is_text_in_postgresql_and_a_key_in_the_item(
    mirror: Stores, session: Session
) -> None:
    assert_equal_after_sync(mirror)
    item = item_of(mirror, session.pk)
    assert "Hello" not in json.dumps(item)
    assert not {"transcriptText", "transcriptJson"} & item.keys()
    session.refresh_from_db()
    assert transcript_of(mirror, item) == {
        "sessionId": str(session.pk),
        "transcriptText": session.transcript_text,
        "transcriptJson": session.transcript_json,
    }


def test_an_unchanged_transcript_is_not_uploaded_again(
    mirror: Stores, session: Session, uploads: list[str]
) -> None:
    assert_equal_after_sync(mirror)
    key = item_of(mirror, session.pk)["transcriptStorageKey"]
    session.notes = "something else"
    session.save()
    assert_equal_after_sync(mirror)
    assert uploads == [key]
    assert item_of(mirror, session.pk)["transcriptStorageKey"] == key


def test_a_changed_transcript_gets_a_new_key_and_the_old_object_goes(
    mirror: Stores, session: Session
) -> None:
    assert_equal_after_sync(mirror)
    old = item_of(mirror, session.pk)["transcriptStorageKey"]
    session.transcript_text = "MATT: Goodbye."
    session.save()
    assert_equal_after_sync(mirror)
    assert old not in objects(mirror)


def test_a_transcript_used_before_gets_a_key_of_its_own(mirror: Stores, session: Session) -> None:
    keys = []
    for text in ("A", "B", "A"):
        session.transcript_text = text
        session.save()
        assert_equal_after_sync(mirror)
        keys.append(item_of(mirror, session.pk)["transcriptStorageKey"])
    assert len(set(keys)) == 3


def test_a_removed_transcript_leaves_nothing(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    session.transcript_text, session.transcript_json = "", None
    session.save()
    assert_equal_after_sync(mirror)
    assert "transcriptStorageKey" not in item_of(mirror, session.pk)
    assert objects(mirror) == {}


def test_filing_elsewhere_leaves_one_live_item(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    other = Campaign.objects.create(owner=session.owner, name="Elsewhere")
    for target in (other, None, session.campaign, other):
        session.campaign = target
        session.save()
        assert_equal_after_sync(mirror)
        folder = f"camp#{target.pk}" if target else f"user#{session.owner_id}"
        assert item_of(mirror, session.pk)["pk"] == folder


def test_a_new_owner_leaves_one_live_item(mirror: Stores, campaign: Campaign) -> None:
    assert_equal_after_sync(mirror)
    campaign.owner = User.objects.create_user("other")
    campaign.save()
    assert_equal_after_sync(mirror)
    item = item_of(mirror, campaign.pk)
    assert (item["pk"], item["userId"]) == (f"user#{campaign.owner.pk}", str(campaign.owner.pk))


def test_moves_between_two_drains_leave_one_live_item(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    first = session.campaign
    for target in (None, first, None):
        session.campaign = target
        session.save()
    assert_equal_after_sync(mirror)


def test_two_megabytes_of_notes_are_mirrored_whole(mirror: Stores, session: Session) -> None:
    session.notes = "é🐉x" * 300_000
    session.save()
    assert_equal_after_sync(mirror)
    item = item_of(mirror, session.pk)
    assert "notes" not in item
    assert objects(mirror)[item["notesStorageKey"]].decode() == session.notes

    session.notes = "short again"
    session.save()
    assert_equal_after_sync(mirror)
    item = item_of(mirror, session.pk)
    assert item["notes"] == "short again"
    assert "notesStorageKey" not in item


def test_inline_mirrors_by_the_time_the_save_returns(
    mirror: Stores, session: Session, inline: None
) -> None:
    session.notes = "now"
    session.save()
    assert item_of(mirror, session.pk)["notes"] == "now"
    assert not LedgerEntry.objects.filter(object_id=session.pk).pending().exists()
    session.delete()
    assert live_items(mirror) == []


def test_inline_mirrors_by_the_time_the_request_is_answered(
    mirror: Stores, admin_client: Client, owner: User, inline: None
) -> None:
    answer = admin_client.post(
        "/admin/campaigns/campaign/add/", {"owner": owner.pk, "name": "By admin"}
    )
    assert answer.status_code == 302
    assert [item["name"] for item in live_items(mirror)] == ["By admin"]
    assert_equal(mirror)


def test_worker_dispatch_asks_nothing_of_aws(mirror: Stores, session: Session) -> None:
    session.save()
    assert live_items(mirror) == []


def test_paused_leaves_the_change_to_the_next_drain(
    mirror: Stores, owner: User, inline: None
) -> None:
    with mirror_app.paused():
        campaign = Campaign.objects.create(owner=owner, name="quiet")
        with mirror_app.paused():
            pass
        campaign.save()
    assert live_items(mirror) == []
    assert_equal_after_sync(mirror)


def test_a_mirror_that_is_off_keeps_the_account(
    mirror: Stores, owner: User, settings: Settings, inline: None
) -> None:
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    Campaign.objects.create(owner=owner, name="later")
    assert live_items(mirror) == []
    assert LedgerEntry.objects.pending().count() == 1


def unmirrorable_metrics() -> dict[str, Any]:
    return {"totalWordCount": 10**40 + 1}


def test_one_that_cannot_be_mirrored_is_parked_and_the_others_are_mirrored(
    mirror: Stores, campaign: Campaign, admin_client: Client
) -> None:
    bad = Session.objects.create(owner=campaign.owner, name="Bad", metrics=unmirrorable_metrics())
    Session.objects.bulk_create(
        Session(owner=campaign.owner, campaign=campaign, name=f"S{n}") for n in range(50)
    )
    drained = worker.drain()
    assert (drained.mirrored, drained.backlog.parked, drained.complete) == (51, 1, False)
    assert len(live_items(mirror)) == 51

    page = admin_client.get("/admin/mirror/ledgerentry/", {"state": "parked"}).content.decode()
    assert str(bad.pk) in page
    assert "NumberTooManyDigits" in page
    listed = admin_client.get("/admin/sessions_app/session/", {"mirror": "parked"})
    assert listed.context["cl"].result_count == 1

    bad.metrics = {"totalWordCount": 1}
    bad.save()
    assert_equal_after_sync(mirror)


def test_the_admin_gives_a_parked_entry_another_try(
    mirror: Stores, campaign: Campaign, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("campaigns.documents.CampaignDocument.keys", lambda _: 1 / 0)
        assert worker.drain().backlog.parked == 1
    assert worker.drain().backlog.parked == 1

    entry = LedgerEntry.objects.get()
    answer = admin_client.post(
        "/admin/mirror/ledgerentry/", {"action": "retry", "_selected_action": [entry.pk]}
    )
    assert answer.status_code == 302
    assert_equal_after_sync(mirror)


def test_sync_waits_for_the_claim_of_a_dead_worker(
    mirror: Stores, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    monkeypatch.setattr("mirror.models.ledger.LEASE", timedelta(seconds=1))
    assert len(LedgerEntry.objects.due().claim(1)) == 1
    assert LedgerEntry.objects.due().claim(1) == []
    assert_equal_after_sync(mirror)
