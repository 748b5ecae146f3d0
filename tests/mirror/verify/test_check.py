"""mirror_check names every kind of drift that a hand can make, and repairs it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from campaigns.models import Campaign
from mirror.errors import Failure, Kind, StoreError
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check, report
from sessions_app.models import Session
from tests.support.aws import cut_off
from tests.support.commands import run
from tests.support.stored import assert_equal, item_of
from tests.support.tampering import (
    TAMPERINGS,
    delete_item,
    object_of_nobody,
    set_attribute,
    stray_object,
)

mirror_check = partial(run, "mirror_check")


@pytest.fixture
def session(mirror: Stores, owner: User) -> Session:
    campaign = Campaign.objects.create(owner=owner, name="C", description="about it")
    session = Session.objects.create(
        owner=owner,
        campaign=campaign,
        name="S",
        notes="PRIVATE-CANARY",
        metrics={"a": 1.0},
        transcript_text="MATT: PRIVATE-CANARY",
    )
    Session.objects.create(owner=owner, name="unfiled", notes="n" * 60_000)
    worker.drain()
    assert_equal(mirror)
    return session


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_named_and_repaired(mirror: Stores, session: Session, name: str) -> None:
    tamper, kind, attributes = TAMPERINGS[name]
    tamper(mirror, item_of(mirror, session.pk))

    code, printed = mirror_check("--json")
    report = json.loads(printed)
    assert code == 1
    assert report["parity_percent"] < 100
    (finding,) = report["findings"]
    assert (finding["kind"], finding["attributes"]) == (kind, attributes)
    assert report["counts"][kind] == 1
    assert sum(report["counts"].values()) == 1
    if name in {"foreign item", "object of nobody", "oddly named object"}:
        assert finding["object_id"] != str(session.pk)
    else:
        assert finding["object_id"] == str(session.pk)
    assert "CANARY" not in printed + mirror_check()[1]

    left_over = kind in {"orphaned", "object_orphaned"}
    assert mirror_check("--repair")[0] == (1 if left_over else 0)
    if kind == "object_orphaned":
        assert mirror_check("--repair", "--delete-orphans")[0] == 1  # in its first hour
        return
    assert mirror_check("--repair", "--delete-orphans")[0] == 0
    assert_equal(mirror)
    assert mirror_check("--repair", "--delete-orphans") == mirror_check()


def test_each_attribute_is_compared_and_repaired(mirror: Stores, owner: User) -> None:
    campaign = Campaign.objects.create(owner=owner, name="C", description="d")
    whole = Session.objects.create(
        owner=owner,
        campaign=campaign,
        name="S",
        description="d",
        notes="n",
        summary="s",
        player_recap="p",
        transcript_text="MATT: t",
        speaker_names={"a": "b"},
        metrics={"a": 1},
        audio_storage_key="audio/1",
        transcription_job_id="j",
        share_token="t" * 32,
    )
    worker.drain()
    for object_id in (campaign.pk, whole.pk):
        for name in item_of(mirror, object_id).keys() - {"pk", "sk", "id", "__edb_e__"}:
            set_attribute(mirror, item_of(mirror, object_id), name, {"S": "tampered"})
            (finding,) = check.check(mirror).findings
            assert (finding.kind, finding.object_id) == ("stale", str(object_id))
            assert finding.attributes == (name,)
            assert mirror_check("--repair")[0] == 0, name
    assert_equal(mirror)


def test_an_old_left_over_object_is_removed_on_request(
    mirror: Stores, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    stray_object(mirror, item_of(mirror, session.pk))
    object_of_nobody(mirror, {})
    monkeypatch.setattr("mirror.verify.repair.YOUNG", timedelta(0))
    assert mirror_check("--repair", "--dry-run", "--delete-orphans")[0] == 1
    assert len(check.check(mirror).findings) == 2
    assert mirror_check("--repair", "--delete-orphans")[0] == 0
    assert_equal(mirror)


def test_equal(mirror: Stores, session: Session) -> None:
    code, printed = mirror_check("--json")
    assert code == 0
    report = json.loads(printed)
    assert report.pop("seconds") > 0
    assert report.pop("read_units") > 0
    assert report.pop("started_at")
    assert report == {
        "complete": True,
        "parity_percent": 100,
        "expected": 3,
        "in_sync": 3,
        "pending": 0,
        "findings": [],
        "counts": dict.fromkeys(
            [
                "missing",
                "stale",
                "orphaned",
                "object_missing",
                "object_stale",
                "object_orphaned",
            ],
            0,
        ),
    }
    assert "100 % in sync: 3 of 3" in mirror_check()[1]


def test_nothing_at_all_is_equal(mirror: Stores) -> None:
    assert mirror_check()[0] == 0


def test_what_is_on_its_way_is_no_drift_and_not_yet_equal(mirror: Stores, session: Session) -> None:
    session.name = "changed"
    session.save()
    code, printed = mirror_check("--json")
    report = json.loads(printed)
    assert (code, report["pending"], report["findings"]) == (0, 1, [])
    assert report["parity_percent"] < 100


def test_what_is_parked_is_drift(mirror: Stores, session: Session) -> None:
    session.metrics = {"a": 10**40 + 1}
    session.save()
    worker.drain()
    code, printed = mirror_check("--json")
    (finding,) = json.loads(printed)["findings"]
    assert (code, finding["kind"], finding["object_id"]) == (1, "stale", str(session.pk))


def test_a_row_that_the_ledger_never_saw_is_missing(mirror: Stores, owner: User) -> None:
    Campaign.objects.create(owner=owner, name="before the mirror")
    LedgerEntry.objects.all().delete()
    report = check.check(mirror)
    assert [finding.kind for finding in report.findings] == ["missing"]
    assert mirror_check("--repair")[0] == 0


def test_a_ledger_older_than_the_table_is_seen_and_repaired_on_request(
    mirror: Stores, session: Session
) -> None:
    for _ in range(3):
        session.save()
    worker.drain()
    LedgerEntry.objects.update(revision=1, mirrored_revision=1)  # as a restored backup has it
    Session.objects.filter(pk=session.pk).update(name="after the restore")
    assert worker.drain().backlog.parked == 1
    assert LedgerEntry.objects.parked().get().error_class == "RemoteAhead"
    assert mirror_check()[0] == 1
    assert mirror_check("--repair")[0] == 0
    assert_equal(mirror)


def test_one_in_twenty_thousand_is_not_a_hundred_percent() -> None:
    assert report.Report(expected=20_000, in_sync=19_999).parity_percent == 99.995
    assert report.Report(expected=10**9, in_sync=10**9 - 1).parity_percent < 100


@pytest.mark.parametrize("store", ["DynamoDB", "S3"])
def test_out_of_reach_says_so(
    mirror: Stores, session: Session, aws_address: str, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off(store, aws_address, monkeypatch)
    code, printed = mirror_check()
    assert (code, printed) == (2, f"{store} cannot be reached or used: EndpointConnectionError.\n")


def test_a_missing_table_says_so(mirror: Stores, session: Session) -> None:
    mirror.items.client.delete_table(TableName=mirror.items.table)
    code, printed = mirror_check()
    assert (code, "ResourceNotFoundException" in printed) == (2, True)


def test_setup_of_an_empty_store_owes_everything_to_it(mirror: Stores, session: Session) -> None:
    mirror.items.client.delete_table(TableName=mirror.items.table)
    for listed in list(mirror.objects.list("")):
        mirror.objects.delete(listed.key)
    mirror.objects.storage.client.delete_bucket(Bucket=mirror.objects.bucket)

    code, printed = run("mirror_setup")
    assert (code, "3 rows are enqueued" in printed) == (0, True)
    code, printed = run("mirror_setup", "--check")
    assert (code, "as they should be" in printed) == (0, True)
    assert worker.drain().complete
    assert_equal(mirror)


def test_a_repair_that_does_not_work_is_no_success(
    mirror: Stores, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_item(mirror, item_of(mirror, session.pk))

    def refuse(*_: Any, **__: Any) -> None:
        raise StoreError(Failure(Kind.BUSY, "ClientError", "ThrottlingException", "DynamoDB"))

    monkeypatch.setattr("mirror.stores.dynamodb.ItemStore.put", refuse)
    monkeypatch.setattr(worker, "SOON", 0)
    code, printed = mirror_check("--repair")
    assert code == 1
    assert "Not everything could be repaired" in printed


def test_a_row_that_cannot_be_read_does_not_end_the_check(mirror: Stores, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sessions_app_session SET created_at = 'infinity' WHERE id = %s", [session.pk]
        )
    worker.drain()
    report = check.check(mirror)
    assert [finding.object_id for finding in report.findings] == [str(session.pk)]
    assert report.expected == 3


def test_an_object_under_another_spelling_of_an_id_is_left_over(
    mirror: Stores, session: Session
) -> None:
    key = f"transcripts/{str(session.pk).upper()}/1-0.json"
    mirror.objects.put(key, b"{}")
    (finding,) = check.check(mirror).findings
    assert (finding.kind, finding.key) == ("object_orphaned", key)


def test_tables_that_are_not_there_are_said_so(mirror: Stores, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mirror_ledgerentry RENAME TO away")
    try:
        code, printed = mirror_check()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO mirror_ledgerentry")
    assert code == 2
    assert "UndefinedTable" in printed
