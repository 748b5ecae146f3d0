"""What the stores hold after a drain."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User

from campaigns.models import Campaign
from mirror.stores.clients import Stores
from mirror.stores.s3 import ObjectStore
from sessions_app.models import Session
from tests.support.factories import make_campaign
from tests.support.stored import assert_equal_after_sync, item_of, objects, transcript_of


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


def test_a_transcript_is_in_s3_and_the_item_has_its_key(mirror: Stores, session: Session) -> None:
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


def test_a_changed_transcript_gets_a_new_key_and_the_old_object_is_removed(
    mirror: Stores, session: Session
) -> None:
    assert_equal_after_sync(mirror)
    old = item_of(mirror, session.pk)["transcriptStorageKey"]
    session.transcript_text = "MATT: Goodbye."
    session.save()
    assert_equal_after_sync(mirror)
    assert old not in objects(mirror)


def test_a_transcript_that_comes_back_gets_a_new_key(mirror: Stores, session: Session) -> None:
    keys = []
    for text in ("A", "B", "A"):
        session.transcript_text = text
        session.save()
        assert_equal_after_sync(mirror)
        keys.append(item_of(mirror, session.pk)["transcriptStorageKey"])
    assert len(set(keys)) == 3


def test_a_removed_transcript_leaves_no_object(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    session.transcript_text, session.transcript_json = "", None
    session.save()
    assert_equal_after_sync(mirror)
    assert "transcriptStorageKey" not in item_of(mirror, session.pk)
    assert objects(mirror) == {}


def test_a_session_that_moves_has_one_live_item(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    other = make_campaign(session.owner)
    for target in (other, None, session.campaign, other):
        session.campaign = target
        session.save()
        assert_equal_after_sync(mirror)
        folder = f"camp#{target.pk}" if target else f"user#{session.owner_id}"
        assert item_of(mirror, session.pk)["pk"] == folder


def test_a_campaign_with_a_new_owner_has_one_live_item(mirror: Stores, campaign: Campaign) -> None:
    assert_equal_after_sync(mirror)
    campaign.owner = User.objects.create_user("other")
    campaign.save()
    assert_equal_after_sync(mirror)
    item = item_of(mirror, campaign.pk)
    assert (item["pk"], item["userId"]) == (f"user#{campaign.owner.pk}", str(campaign.owner.pk))


def test_several_moves_between_two_drains_leave_one_live_item(
    mirror: Stores, session: Session
) -> None:
    assert_equal_after_sync(mirror)
    first = session.campaign
    for target in (None, first, None):
        session.campaign = target
        session.save()
    assert_equal_after_sync(mirror)


def test_two_megabytes_of_notes_move_to_s3_and_back(mirror: Stores, session: Session) -> None:
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
