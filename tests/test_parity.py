"""mirror_check names every kind of drift that a hand can make, and repairs it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from campaigns.models import Campaign
from mirror import drain, parity
from mirror.models import LedgerEntry
from mirror.sinks import Sinks
from sessions_app.models import Session
from tests.conftest import point_clients_at
from tests.stores import assert_equal, item_of

Tamper = Callable[[Sinks, dict[str, Any]], None]


def key_of(item: dict[str, Any]) -> dict[str, Any]:
    return {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}


def delete_item(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.items.client.delete_item(TableName=sinks.items.table, Key=key_of(item))


def set_attribute(sinks: Sinks, item: dict[str, Any], name: str, value: dict[str, Any]) -> None:
    sinks.items.client.update_item(
        TableName=sinks.items.table,
        Key=key_of(item),
        UpdateExpression="SET #n = :v",
        ExpressionAttributeNames={"#n": name},
        ExpressionAttributeValues={":v": value},
    )


def remove_attribute(sinks: Sinks, item: dict[str, Any], name: str) -> None:
    sinks.items.client.update_item(
        TableName=sinks.items.table,
        Key=key_of(item),
        UpdateExpression="REMOVE #n",
        ExpressionAttributeNames={"#n": name},
    )


def put_stray_item(sinks: Sinks, item: dict[str, Any]) -> None:
    whole = sinks.items.client.get_item(TableName=sinks.items.table, Key=key_of(item))["Item"]
    sinks.items.client.put_item(
        TableName=sinks.items.table, Item=whole | {"pk": {"S": "camp#elsewhere"}}
    )


def put_foreign_item(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.items.client.put_item(
        TableName=sinks.items.table, Item={"pk": {"S": "what"}, "sk": {"S": "is this"}}
    )


def delete_object(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.objects.delete(item["transcriptStorageKey"])


def change_object(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.objects.put(item["transcriptStorageKey"], b'{"tampered":1}')


def stray_object(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.objects.put(f"transcripts/{item['id']}/1-0.json", b"{}")


def object_of_nobody(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.objects.put("transcripts/00000000-0000-4000-8000-000000000000/1-0.json", b"{}")


def oddly_named_object(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.objects.put("texts/odd", b"{}")


def changed(name: str, value: dict[str, Any]) -> Tamper:
    return lambda sinks, item: set_attribute(sinks, item, name, value)


def removed(name: str) -> Tamper:
    return lambda sinks, item: remove_attribute(sinks, item, name)


TAMPERINGS: dict[str, tuple[Tamper, str, list[str]]] = {
    "item deleted": (delete_item, "missing", []),
    "name changed": (changed("name", {"S": "x"}), "stale", ["name"]),
    "notes removed": (removed("notes"), "stale", ["notes"]),
    "attribute added": (changed("extra", {"S": "x"}), "stale", ["extra"]),
    "type changed": (changed("userId", {"N": "7"}), "stale", ["userId"]),
    "number in a map changed": (
        changed("metrics", {"M": {"a": {"N": "2"}}}),
        "stale",
        ["metrics"],
    ),
    "time changed": (
        changed("createdAt", {"S": "2020-01-01T00:00:00.000Z"}),
        "stale",
        ["createdAt"],
    ),
    "entity changed": (changed("__edb_v__", {"S": "2"}), "stale", ["__edb_v__"]),
    "index key changed": (changed("gsi1pk", {"S": "user#0"}), "stale", ["gsi1pk"]),
    "revision lowered": (changed("mirrorRevision", {"N": "0"}), "stale", ["mirrorRevision"]),
    "revision raised": (changed("mirrorRevision", {"N": "99"}), "stale", ["mirrorRevision"]),
    "revision made a text": (changed("mirrorRevision", {"S": "x"}), "stale", ["mirrorRevision"]),
    "reference changed": (
        changed("transcriptStorageKey", {"S": "transcripts/other"}),
        "stale",
        ["transcriptStorageKey"],
    ),
    "reference removed": (removed("transcriptStorageKey"), "stale", ["transcriptStorageKey"]),
    "item copied elsewhere": (put_stray_item, "orphaned", []),
    "foreign item": (put_foreign_item, "orphaned", []),
    "object deleted": (delete_object, "transcript_missing", ["transcriptStorageKey"]),
    "object changed": (change_object, "transcript_stale", ["transcriptStorageKey"]),
    "stray object": (stray_object, "transcript_orphaned", []),
    "object of nobody": (object_of_nobody, "transcript_orphaned", []),
    "oddly named object": (oddly_named_object, "transcript_orphaned", []),
}


@pytest.fixture
def session(mirror: Sinks, owner: User) -> Session:
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
    drain.sync()
    assert_equal(mirror)
    return session


def check(*arguments: str) -> tuple[int, str]:
    """Run mirror_check and return its exit code and all that it printed."""
    out = io.StringIO()
    code = 0
    try:
        call_command("mirror_check", *arguments, stdout=out, stderr=out)
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, out.getvalue()


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_named_and_repaired(mirror: Sinks, session: Session, name: str) -> None:
    tamper, kind, attributes = TAMPERINGS[name]
    tamper(mirror, item_of(mirror, session.pk))

    code, printed = check("--json")
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
    assert "CANARY" not in printed + check()[1]

    left_over = kind in {"orphaned", "transcript_orphaned"}
    assert check("--repair")[0] == (1 if left_over else 0)
    if kind == "transcript_orphaned":
        assert check("--repair", "--delete-orphans")[0] == 1  # in its first hour
        return
    assert check("--repair", "--delete-orphans")[0] == 0
    assert_equal(mirror)
    assert check("--repair", "--delete-orphans") == check()


def test_each_attribute_is_compared_and_repaired(mirror: Sinks, owner: User) -> None:
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
    drain.sync()
    for object_id in (campaign.pk, whole.pk):
        for name in item_of(mirror, object_id).keys() - {"pk", "sk", "id", "__edb_e__"}:
            set_attribute(mirror, item_of(mirror, object_id), name, {"S": "tampered"})
            (finding,) = parity.check(mirror).findings
            assert (finding.kind, finding.object_id) == ("stale", str(object_id))
            assert finding.attributes == (name,)
            assert check("--repair")[0] == 0, name
    assert_equal(mirror)


def test_an_old_left_over_object_is_removed_on_request(
    mirror: Sinks, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    stray_object(mirror, item_of(mirror, session.pk))
    object_of_nobody(mirror, {})
    monkeypatch.setattr("mirror.repair.YOUNG", timedelta(0))
    assert check("--repair", "--dry-run", "--delete-orphans")[0] == 1
    assert len(parity.check(mirror).findings) == 2
    assert check("--repair", "--delete-orphans")[0] == 0
    assert_equal(mirror)


def test_equal(mirror: Sinks, session: Session) -> None:
    code, printed = check("--json")
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
                "transcript_missing",
                "transcript_stale",
                "transcript_orphaned",
            ],
            0,
        ),
    }
    assert "100 % in sync: 3 of 3" in check()[1]


def test_nothing_at_all_is_equal(mirror: Sinks) -> None:
    assert check()[0] == 0


def test_what_is_on_its_way_is_no_drift_and_not_yet_equal(mirror: Sinks, session: Session) -> None:
    session.name = "changed"
    session.save()
    code, printed = check("--json")
    report = json.loads(printed)
    assert (code, report["pending"], report["findings"]) == (0, 1, [])
    assert report["parity_percent"] < 100


def test_what_is_parked_is_drift(mirror: Sinks, session: Session) -> None:
    session.metrics = {"a": 10**40 + 1}
    session.save()
    drain.sync()
    code, printed = check("--json")
    (finding,) = json.loads(printed)["findings"]
    assert (code, finding["kind"], finding["object_id"]) == (1, "stale", str(session.pk))


def test_a_row_that_the_ledger_never_saw_is_missing(mirror: Sinks, owner: User) -> None:
    Campaign.objects.create(owner=owner, name="before the mirror")
    LedgerEntry.objects.all().delete()
    report = parity.check(mirror)
    assert [finding.kind for finding in report.findings] == ["missing"]
    assert check("--repair")[0] == 0


def test_a_ledger_older_than_the_table_is_seen_and_repaired_on_request(
    mirror: Sinks, session: Session
) -> None:
    for _ in range(3):
        session.save()
    drain.sync()
    LedgerEntry.objects.update(revision=1, mirrored_revision=1)  # as a restored backup has it
    Session.objects.filter(pk=session.pk).update(name="after the restore")
    assert drain.sync().backlog.parked == 1
    assert LedgerEntry.objects.parked().get().error_class == "RemoteAhead"
    assert check()[0] == 1
    assert check("--repair")[0] == 0
    assert_equal(mirror)


def test_one_in_twenty_thousand_is_not_a_hundred_percent() -> None:
    report = parity.Report(expected=20_000, in_sync=19_999)
    assert report.parity_percent == 99.995
    assert parity.Report(expected=10**9, in_sync=10**9 - 1).parity_percent < 100


@pytest.mark.parametrize("store", ["DynamoDB", "S3"])
def test_out_of_reach_says_so(
    mirror: Sinks, session: Session, aws_address: str, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "http://127.0.0.1:9"
    addresses = (nowhere, aws_address) if store == "DynamoDB" else (aws_address, nowhere)
    point_clients_at(*addresses, monkeypatch)
    code, printed = check()
    assert (code, printed) == (2, f"{store} cannot be reached or used: EndpointConnectionError.\n")


def test_a_missing_table_says_so(mirror: Sinks, session: Session) -> None:
    mirror.items.client.delete_table(TableName=mirror.items.table)
    code, printed = check()
    assert (code, "ResourceNotFoundException" in printed) == (2, True)


def test_setup_of_an_empty_store_owes_everything_to_it(mirror: Sinks, session: Session) -> None:
    mirror.items.client.delete_table(TableName=mirror.items.table)
    for listed in list(mirror.objects.list("")):
        mirror.objects.delete(listed.key)
    mirror.objects.storage.client.delete_bucket(Bucket=mirror.objects.bucket)

    out = io.StringIO()
    call_command("mirror_setup", stdout=out)
    assert "3 objects are owed" in out.getvalue()
    call_command("mirror_setup", "--check", stdout=out)
    assert "as they should be" in out.getvalue()
    assert drain.sync().complete
    assert_equal(mirror)
