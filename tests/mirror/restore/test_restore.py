"""The way back: every object rebuilt from the mirror alone, and put back where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from campaigns.documents import CampaignDocument
from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.restore import inventory
from mirror.restore.reader import ALTERED, FOREIGN, LOST, MISPLACED, UNREADABLE, Reading, read, same
from mirror.restore.restore import in_order, restore
from mirror.restore.tally import Tally
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.support.aws import cut_off
from tests.support.commands import run
from tests.support.stored import assert_equal, assert_equal_after_sync, item_of, stored_item
from tests.support.tampering import delete_item, remove_attribute, set_attribute

WHEN = datetime(2026, 2, 5, 20, 42, 11, 42_999, tzinfo=UTC)


@pytest.fixture
def session(mirror: Stores, owner: User) -> Session:
    campaign = Campaign.objects.create(owner=owner, name="C", description="about it")
    session = Session.objects.create(
        owner=owner,
        campaign=campaign,
        name="S 🐉",
        notes="PRIVATE-CANARY",
        summary="s" * 60_000,
        metrics={"words": 10, "share": 0.5, "talk": {"spk_0": [1, None, True, ""]}},
        speaker_names={},
        transcript_text="MATT: PRIVATE-CANARY",
        transcript_json={"results": [1.0, 10**40]},
        share_token="token",
    )
    Session.objects.create(owner=owner, name="unfiled")
    Session.objects.update(created_at=WHEN, updated_at=WHEN)
    worker.drain()
    assert_equal(mirror)
    return session


def reading_of(mirror: Stores, session: Session) -> Reading:
    return read(SessionDocument, stored_item(mirror, session.pk), mirror.objects.get)


command = partial(run, "mirror_restore")


def tallies(mirror: Stores, *, apply: bool = False) -> dict[str, Tally]:
    return {tally.label: tally for tally in restore(mirror, apply=apply)}


def lose_everything() -> list[dict[str, Any]]:
    """Lose all rows and the ledger, and return the rows as they were."""
    rows: list[dict[str, Any]] = [
        dict(row)
        for manager in (Campaign.objects, Session.objects)
        for row in manager.order_by("pk").values()
    ]
    Session.objects.all().delete()
    Campaign.objects.all().delete()
    LedgerEntry.objects.all().delete()
    return rows


# Reading one object


def test_an_object_comes_back_as_it_was(mirror: Stores, session: Session) -> None:
    session.refresh_from_db()
    reading = reading_of(mirror, session)
    assert "summaryStorageKey" in {reference.attribute for reference in reading.references}
    assert (reading.troubles, reading.differs_from(session)) == ({}, [])
    back = reading.instance()
    assert isinstance(back, Session)
    assert back.summary == session.summary
    assert back.transcript_text == session.transcript_text
    assert back.transcript_json == session.transcript_json
    assert back.campaign_id == session.campaign_id
    assert back.created_at == WHEN.replace(microsecond=42_000)
    assert back.player_recap == ""
    assert "CANARY" not in repr(reading)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x"),
        ("player_recap", "x"),
        ("owner_id", 0),
        ("campaign_id", None),
        ("share_token", None),
        ("metrics", {"words": 10, "share": 0.5, "talk": {"spk_0": [1, None, 1, ""]}}),
        ("metrics", {"words": 10, "share": 0.5, "talk": {"spk_0": [1, None, True, None]}}),
        ("speaker_names", None),
        ("transcript_json", None),
        ("transcript_text", ""),
        ("created_at", WHEN + timedelta(milliseconds=1)),
    ],
)
def test_every_field_that_differs_is_named(
    mirror: Stores, session: Session, field: str, value: Any
) -> None:
    session.refresh_from_db()
    setattr(session, field, value)
    assert reading_of(mirror, session).differs_from(session) == [field.removesuffix("_id")]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (WHEN, WHEN.replace(microsecond=42_000), True),
        (WHEN, WHEN.replace(microsecond=43_000), False),
        (None, "", True),
        (None, 0, False),
        (None, {}, False),
        (1, 1.0, True),
        (1, True, False),
        ([""], [None], False),
        ({"a": 1}, {"a": 1, "b": None}, False),
    ],
)
def test_equal_as_far_as_the_mirror_keeps_it(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal
    assert same(other, one) is equal


@pytest.mark.parametrize(
    ("name", "value", "trouble"),
    [
        ("createdAt", {"S": "yesterday"}, UNREADABLE),
        ("name", {"N": "1"}, UNREADABLE),
        ("userId", {"S": "x"}, UNREADABLE),
        ("transcriptStorageKey", {"S": "transcripts/other/1-0.json"}, FOREIGN),
        ("transcriptStorageKey", {"S": "transcripts/{id}/1-0.json"}, LOST),
        ("summaryStorageKey", {"S": ""}, FOREIGN),
        ("summaryStorageKey", {"N": "1"}, FOREIGN),
    ],
)
def test_what_cannot_be_read_is_named(
    mirror: Stores, session: Session, name: str, value: dict[str, str], trouble: str
) -> None:
    value = {kind: text.replace("{id}", str(session.pk)) for kind, text in value.items()}
    set_attribute(mirror, item_of(mirror, session.pk), name, value)
    assert reading_of(mirror, session).troubles == {name: trouble}


def test_an_altered_content_is_not_taken(mirror: Stores, session: Session) -> None:
    mirror.objects.put(item_of(mirror, session.pk)["transcriptStorageKey"], b"{}")
    reading = reading_of(mirror, session)
    assert reading.troubles == {"transcriptStorageKey": ALTERED}
    assert "transcript_text" not in reading.values


def test_a_content_that_others_wrote_is_taken(mirror: Stores, session: Session) -> None:
    # After the switch, other services write, without revisions and under keys of their own.
    key = f"transcripts/{session.pk}/written-by-another.json"
    mirror.objects.delete(item_of(mirror, session.pk)["transcriptStorageKey"])
    mirror.objects.put(key, b'{"transcriptJson":null,"transcriptText":"from elsewhere"}')
    set_attribute(mirror, item_of(mirror, session.pk), "transcriptStorageKey", {"S": key})
    remove_attribute(mirror, item_of(mirror, session.pk), "mirrorRevision")
    lose_everything()
    assert command("--apply")[0] == 0
    assert Session.objects.get(pk=session.pk).transcript_text == "from elsewhere"
    assert_equal_after_sync(mirror)


def test_an_item_under_a_wrong_key_is_not_taken(mirror: Stores, session: Session) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "campaignId", {"S": str(session.pk)})
    assert reading_of(mirror, session).troubles == {"pk": MISPLACED}


# The command


def test_nothing_is_missing(mirror: Stores, session: Session) -> None:
    code, printed = command("--dry-run")
    assert code == 0
    assert tallies(mirror)["sessions_app.session"] == Tally("sessions_app.session", equal=2)
    assert [line.split() for line in printed.splitlines()] == [
        ["equal", "differ", "missing", "impossible", "lost", "pending"],
        ["campaigns.campaign", "1", "0", "0", "0", "0", "0"],
        ["sessions_app.session", "2", "0", "0", "0", "0", "0"],
    ]


def test_everything_comes_back(mirror: Stores, session: Session) -> None:
    for _ in range(3):  # the items' revisions are above those of new rows
        Session.objects.update(notes="PRIVATE-CANARY")
        Campaign.objects.update(name="C")
    worker.drain()
    before = lose_everything()
    code, printed = command("--dry-run")
    assert (code, "3 rows would come back" in printed) == (1, True)
    assert not Campaign.objects.exists()

    assert command("--apply")[0] == 0
    after = [*Campaign.objects.order_by("pk").values(), *Session.objects.order_by("pk").values()]
    for row in before:
        for name in ("created_at", "updated_at"):
            row[name] = row[name].replace(microsecond=row[name].microsecond // 1000 * 1000)
    assert after == before
    assert LedgerEntry.objects.pending().count() == 3
    assert_equal_after_sync(mirror)
    assert command("--apply")[0] == command("--dry-run")[0] == 0


def test_an_interrupted_restore_is_resumed(
    mirror: Stores, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_everything()

    def interrupted(*_: Any) -> Iterator[Any]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(
            inventory.Inventory, "rows_without_item", interrupted
        )  # after the campaigns
        assert command("--apply")[0] == 2
    assert (Campaign.objects.count(), Session.objects.count()) == (1, 0)
    assert command("--apply")[0] == 0
    assert Session.objects.count() == 2
    assert_equal_after_sync(mirror)


def test_nothing_is_overwritten(mirror: Stores, session: Session) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "name", {"S": "OTHER-CANARY"})
    code, printed = command("--apply")
    assert code == 1
    assert f"{session.pk}: differs: name" in printed
    assert "sessions_app.session differs in: name 1." in printed
    assert "CANARY" not in printed
    session.refresh_from_db()
    assert session.name == "S 🐉"


def test_missing_owners_and_campaigns_are_named(mirror: Stores, session: Session) -> None:
    lose_everything()
    delete_item(mirror, item_of(mirror, session.campaign_id))
    code, printed = command("--apply")
    assert code == 1
    assert f"campaign: campaigns.campaign {session.campaign_id} is missing" in printed
    assert Session.objects.get().name == "unfiled"
    Session.objects.all().delete()
    LedgerEntry.objects.all().delete()
    owner_id = session.owner_id
    User.objects.all().delete()
    for mode in ("--dry-run", "--apply"):
        assert f"owner: auth.user {owner_id} is missing" in command(mode)[1]
    assert not Session.objects.exists()


def test_an_object_without_its_transcript_is_not_restored(mirror: Stores, session: Session) -> None:
    lose_everything()
    mirror.objects.delete(item_of(mirror, session.pk)["transcriptStorageKey"])
    code, printed = command("--apply")
    assert (code, "transcriptStorageKey (not in S3)" in printed) == (1, True)
    assert Session.objects.get().name == "unfiled"


def test_what_was_deleted_on_purpose_stays_deleted(mirror: Stores, session: Session) -> None:
    whole = stored_item(mirror, session.pk)
    session.delete()
    assert tallies(mirror, apply=True)["sessions_app.session"].pending == 1
    LedgerEntry.objects.pending().update(parked_at=WHEN)
    assert tallies(mirror, apply=True)["sessions_app.session"].impossible == 1
    LedgerEntry.objects.retry()
    worker.drain()
    assert command("--apply")[0] == 0  # a tombstone by now
    mirror.items.client.put_item(TableName=mirror.items.table, Item=whole)
    assert "deleted here" in command("--apply")[1]
    assert not Session.objects.filter(pk=session.pk).exists()


def test_a_row_lost_past_the_trigger_comes_back(mirror: Stores, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM sessions_app_session")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert command("--apply")[0] == 0
    assert Session.objects.count() == 2
    assert_equal_after_sync(mirror)


def test_the_newest_of_two_items_wins(mirror: Stores, session: Session) -> None:
    other = Campaign.objects.create(owner=session.owner, name="where it was filed before")
    worker.drain()
    right = stored_item(mirror, session.pk)
    for n in range(5):  # wherever a scan finds them: before the right one or after it
        pk = f"camp#{other.pk}" if n == 0 else f"camp#copy-{n}"
        stray = right | {
            "pk": {"S": pk},
            "campaignId": {"S": str(other.pk)},
            "mirrorRevision": {"N": "1"},
        }
        mirror.items.client.put_item(TableName=mirror.items.table, Item=stray)
    assert tallies(mirror)["sessions_app.session"].impossible == 5
    lose_everything()
    assert tallies(mirror, apply=True)["sessions_app.session"].restored == 2
    assert Session.objects.get(pk=session.pk).campaign_id == session.campaign_id


def test_rows_that_the_mirror_does_not_have_are_lost(mirror: Stores, session: Session) -> None:
    Campaign.objects.create(owner=session.owner, name="on its way")
    delete_item(mirror, item_of(mirror, session.pk))
    found = tallies(mirror)
    assert found["campaigns.campaign"].pending == 1
    assert found["sessions_app.session"].lost == 1
    assert command("--dry-run")[0] == 1


def test_a_refused_insert_delays_no_other(mirror: Stores, session: Session) -> None:
    lose_everything()
    Session.objects.create(owner=session.owner, name="took the token", share_token="token")
    code, printed = command("--apply")
    assert (code, "IntegrityError sessions_app_session_share_token" in printed) == (1, True)
    assert Session.objects.filter(name="unfiled").exists()


def test_an_attribute_that_is_gone_differs(mirror: Stores, session: Session) -> None:
    remove_attribute(mirror, item_of(mirror, session.pk), "transcriptStorageKey")
    fields = tallies(mirror)["sessions_app.session"].fields
    assert set(fields) == {"transcript_text", "transcript_json"}


def test_what_others_refer_to_comes_first() -> None:
    assert in_order() == [CampaignDocument, SessionDocument]


def test_exactly_one_mode_is_required(db: None) -> None:
    for arguments in ([], ["--dry-run", "--apply"]):
        with pytest.raises(CommandError):
            call_command("mirror_restore", *arguments)


def test_out_of_reach_says_so(
    mirror: Stores, session: Session, aws_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off("S3", aws_address, monkeypatch)
    code, printed = command("--dry-run")
    assert (code, printed) == (2, "S3 cannot be reached or used: EndpointConnectionError.\n")
