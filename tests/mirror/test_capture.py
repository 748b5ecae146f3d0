"""Every way to write a row is captured: after a drain, all stores are equal."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from sessions_app.models import Session
from tests.support.factories import TRANSCRIPT, make_campaign, make_session, make_sessions
from tests.support.stored import all_items, assert_equal_after_sync, item_of, live_items, objects

Write = Callable[[User, Campaign, Session], None]


def update_query(owner: User, campaign: Campaign, session: Session) -> None:
    assert Session.objects.filter(pk=session.pk).update(notes="updated at once") == 1


def bulk_create(owner: User, campaign: Campaign, session: Session) -> None:
    make_sessions(owner, 20, campaign, transcript_text=TRANSCRIPT)


def bulk_update(owner: User, campaign: Campaign, session: Session) -> None:
    session.name, session.transcript_text = "renamed", "LAURA: other words"
    Session.objects.bulk_update([session], ["name", "transcript_text"])


def delete_query(owner: User, campaign: Campaign, session: Session) -> None:
    Session.objects.all().delete()


def delete_campaign(owner: User, campaign: Campaign, session: Session) -> None:
    campaign.delete()
    assert Session.objects.get().campaign is None


def delete_owner(owner: User, campaign: Campaign, session: Session) -> None:
    owner.delete()


def raw_insert(owner: User, campaign: Campaign, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_campaign (id, owner_id, name, description, created_at,"
            " updated_at) VALUES (%s, %s, 'by SQL', '', now(), now())",
            [uuid.uuid4(), owner.pk],
        )


def raw_update(owner: User, campaign: Campaign, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sessions_app_session SET transcript_text = 'by SQL'")


def raw_update_of_primary_key(owner: User, campaign: Campaign, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sessions_app_session SET id = %s", [uuid.uuid4()])


def raw_delete(owner: User, campaign: Campaign, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sessions_app_session")


def truncate(owner: User, campaign: Campaign, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE sessions_app_session CASCADE")


def upsert(owner: User, campaign: Campaign, session: Session) -> None:
    Campaign.objects.bulk_create(
        [Campaign(pk=campaign.pk, owner=owner, name="upserted"), Campaign(owner=owner, name="new")],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name"],
    )


def change_then_rollback_to_savepoint(owner: User, campaign: Campaign, session: Session) -> None:
    with transaction.atomic():
        make_campaign(owner)
        savepoint = transaction.savepoint()
        make_campaign(owner)
        transaction.savepoint_rollback(savepoint)


WRITES = [
    update_query,
    bulk_create,
    bulk_update,
    delete_query,
    delete_campaign,
    delete_owner,
    raw_insert,
    raw_update,
    raw_update_of_primary_key,
    raw_delete,
    truncate,
    upsert,
    change_then_rollback_to_savepoint,
]


@pytest.fixture
def campaign(mirror: Stores, owner: User) -> Campaign:
    return make_campaign(owner, description="By the sea.")


@pytest.fixture
def session(campaign: Campaign) -> Session:
    return make_session(campaign.owner, campaign, transcript_text=TRANSCRIPT)


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
def test_every_way_to_write_is_mirrored(
    mirror: Stores, owner: User, campaign: Campaign, session: Session, write: Write
) -> None:
    assert_equal_after_sync(mirror)
    before = dict(LedgerEntry.objects.values_list("pk", "revision"))

    write(owner, campaign, session)

    assert dict(LedgerEntry.objects.values_list("pk", "revision")) != before
    assert LedgerEntry.objects.pending().exists()
    assert_equal_after_sync(mirror)


def test_loaddata_is_mirrored(mirror: Stores, owner: User, tmp_path: Path) -> None:
    fixture = tmp_path / "fixture.json"
    fields = {
        "owner": owner.pk,
        "name": "From a fixture",
        "description": "",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }
    key = str(uuid.uuid4())
    fixture.write_text(json.dumps([{"model": "campaigns.campaign", "pk": key, "fields": fields}]))

    call_command("loaddata", fixture, verbosity=0)

    assert_equal_after_sync(mirror)
    assert item_of(mirror, key)["name"] == "From a fixture"


def test_save_and_delete_are_mirrored(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    session.summary = "They met."
    session.save()
    assert_equal_after_sync(mirror)
    assert item_of(mirror, session.pk)["summary"] == "They met."

    key = session.pk
    session.delete()
    assert_equal_after_sync(mirror)
    assert not [item for item in live_items(mirror) if item["id"] == str(key)]
    assert objects(mirror) == {}


def test_a_deletion_leaves_a_tombstone_that_expires(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    item = item_of(mirror, session.pk)
    session.delete()
    assert_equal_after_sync(mirror)

    (tombstone,) = (other for other in all_items(mirror) if other["sk"] == item["sk"])
    assert tombstone.keys() == {"pk", "sk", "mirrorRevision", "expiresAt"}
    assert tombstone["mirrorRevision"] > item["mirrorRevision"]


def test_a_row_that_is_deleted_and_inserted_again_is_mirrored(
    mirror: Stores, session: Session
) -> None:
    assert_equal_after_sync(mirror)
    key = session.pk
    session.delete()
    assert_equal_after_sync(mirror)
    session.pk = key
    session.save(force_insert=True)
    assert_equal_after_sync(mirror)
    assert item_of(mirror, key)["name"] == session.name


def test_a_change_that_is_rolled_back_is_not_owed(mirror: Stores, owner: User) -> None:
    with transaction.atomic():
        make_campaign(owner)
        transaction.set_rollback(True)
    assert not LedgerEntry.objects.exists()


def test_what_the_admin_creates_edits_and_deletes_is_mirrored(
    mirror: Stores, admin_client: Client, owner: User, campaign: Campaign, session: Session
) -> None:
    created = admin_client.post(
        "/admin/campaigns/campaign/add/", {"owner": owner.pk, "name": "By admin", "description": ""}
    )
    assert created.status_code == 302
    edited = admin_client.post(
        f"/admin/sessions_app/session/{session.pk}/change/",
        {
            "name": "Edited",
            "owner": owner.pk,
            "campaign": campaign.pk,
            "transcript_text": "LAURA: Edited.",
            "metrics": '{"totalWordCount": 2}',
        },
    )
    assert edited.status_code == 302, edited.context["errors"]
    assert_equal_after_sync(mirror)
    assert item_of(mirror, session.pk)["metrics"] == {"totalWordCount": 2}

    deleted = admin_client.post(
        "/admin/campaigns/campaign/",
        {"action": "delete_selected", "_selected_action": [campaign.pk], "post": "yes"},
    )
    assert deleted.status_code == 302
    assert_equal_after_sync(mirror)
    assert item_of(mirror, session.pk)["pk"] == f"user#{owner.pk}"
