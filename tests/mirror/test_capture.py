"""Whoever writes, and however: after a drain both stores hold what PostgreSQL holds."""

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
from tests.support.stored import all_items, assert_equal_after_sync, item_of, live_items, objects

Write = Callable[[User, Campaign, Session], None]


def update_query(owner: User, campaign: Campaign, session: Session) -> None:
    assert Session.objects.filter(pk=session.pk).update(notes="updated at once") == 1


def bulk_create(owner: User, campaign: Campaign, session: Session) -> None:
    Session.objects.bulk_create(
        Session(owner=owner, campaign=campaign, name=f"S{n}", transcript_text=f"MATT: {n}")
        for n in range(20)
    )


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
            " updated_at) VALUES (%s, %s, 'by hand', '', now(), now())",
            [uuid.uuid4(), owner.pk],
        )


def raw_update(owner: User, campaign: Campaign, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sessions_app_session SET transcript_text = 'by hand'")


def raw_update_of_primary_key(owner: User, campaign: Campaign, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sessions_app_session SET id = %s", [uuid.uuid4()])


def raw_delete(owner: User, campaign: Campaign, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sessions_app_session")


def truncate(owner: User, campaign: Campaign, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE sessions_app_session")


def upsert(owner: User, campaign: Campaign, session: Session) -> None:
    Campaign.objects.bulk_create(
        [Campaign(pk=campaign.pk, owner=owner, name="upserted"), Campaign(owner=owner, name="new")],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["name"],
    )


def change_then_rollback_to_savepoint(owner: User, campaign: Campaign, session: Session) -> None:
    with transaction.atomic():
        Campaign.objects.create(owner=owner, name="stays")
        point = transaction.savepoint()
        Campaign.objects.create(owner=owner, name="goes")
        transaction.savepoint_rollback(point)


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
    return Campaign.objects.create(owner=owner, name="Lighthouses", description="By the sea.")


@pytest.fixture
def session(campaign: Campaign) -> Session:
    return Session.objects.create(
        owner=campaign.owner, campaign=campaign, name="One", transcript_text="MATT: Hello."
    )


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
def test_every_writer_is_mirrored(
    mirror: Stores, owner: User, campaign: Campaign, session: Session, write: Write
) -> None:
    assert_equal_after_sync(mirror)
    before = {e.pk: e.revision for e in LedgerEntry.objects.all()}

    write(owner, campaign, session)

    assert {e.pk: e.revision for e in LedgerEntry.objects.all()} != before
    assert LedgerEntry.objects.pending().exists()
    assert_equal_after_sync(mirror)


def test_loaddata_is_mirrored(mirror: Stores, owner: User, tmp_path: Path) -> None:
    fixture = tmp_path / "some.json"
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


def test_deletion_leaves_a_tombstone_that_expires(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    item = item_of(mirror, session.pk)
    session.delete()
    assert_equal_after_sync(mirror)

    (grave,) = (i for i in all_items(mirror) if i["sk"] == item["sk"])
    assert grave.keys() == {"pk", "sk", "mirrorRevision", "expiresAt"}
    assert grave["mirrorRevision"] > item["mirrorRevision"]


def test_an_object_that_comes_back_is_mirrored_again(mirror: Stores, session: Session) -> None:
    assert_equal_after_sync(mirror)
    key = session.pk
    session.delete()
    assert_equal_after_sync(mirror)
    session.pk = key
    session.save(force_insert=True)
    assert_equal_after_sync(mirror)
    assert item_of(mirror, key)["name"] == "One"


def test_rollback_owes_nothing(mirror: Stores, owner: User) -> None:
    with transaction.atomic():
        Campaign.objects.create(owner=owner, name="never")
        transaction.set_rollback(True)
    assert not LedgerEntry.objects.exists()


def test_admin_creates_edits_and_deletes(
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
