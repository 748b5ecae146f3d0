"""The comparison of one row: every attribute, and objects by checksum or by content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from mirror.stores.clients import Stores
from mirror.stores.s3 import Listed, ObjectStore
from mirror.sync import worker
from mirror.verify import check, repair
from mirror.verify.report import Scope
from tests.support.factories import TRANSCRIPT, make_campaign, make_session, make_sessions
from tests.support.stored import assert_equal_after_sync, live_items, objects
from tests.support.tampering import set_attribute

ROWS = 25  # at least as many as an item has attributes


def test_a_change_of_any_attribute_is_found_and_repaired(mirror: Stores, owner: User) -> None:
    for number in range(ROWS):
        make_session(
            owner,
            make_campaign(owner, description="d"),
            description="d",
            notes="n",
            summary="s",
            player_recap="p",
            transcript_text="MATT: t",
            speaker_names={"a": "b"},
            metrics={"a": 1},
            audio_storage_key="audio/1",
            transcription_job_id="j",
            share_token=f"{number:032}",
        )
    assert_equal_after_sync(mirror)
    changed = set()
    for entity in ("campaign", "session"):
        items = [item for item in live_items(mirror) if item["__edb_e__"] == entity]
        names = items[0].keys() - {"pk", "sk", "id", "__edb_e__"}
        assert 5 < len(names) <= len(items)
        for name, item in zip(names, items, strict=False):  # another one in each item
            set_attribute(mirror, item, name, {"S": "tampered"})
            changed.add(("stale", item["id"], (name,)))
    findings = list(check.check(mirror).findings)
    assert len(findings) == len(changed)
    assert {(found.kind, found.object_id, found.attributes) for found in findings} == changed
    repair.mark_dirty(findings, mirror)
    assert_equal_after_sync(mirror)


def test_only_a_deep_check_reads_the_objects(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sessions(owner, 10, transcript_text=TRANSCRIPT)
    assert_equal_after_sync(mirror)
    read: list[str] = []
    get = ObjectStore.get

    def note(self: ObjectStore, key: str) -> bytes | None:
        read.append(key)
        return get(self, key)

    monkeypatch.setattr(ObjectStore, "get", note)
    assert check.check(mirror).parity_percent == 100
    assert read == []
    assert check.check(mirror, Scope(deep=True)).parity_percent == 100
    assert len(read) == 10


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the objects that are read, with a bucket that lists no MD5s."""
    read: list[str] = []
    get, list_objects = ObjectStore.get, ObjectStore.list

    def note(self: ObjectStore, key: str) -> bytes | None:
        read.append(key)
        return get(self, key)

    def list_as_with_kms(self: ObjectStore, prefix: str, **options: str) -> Iterator[Listed]:
        for found in list_objects(self, prefix, **options):
            yield replace(found, etag="not the MD5")

    monkeypatch.setattr(ObjectStore, "get", note)
    monkeypatch.setattr(ObjectStore, "list", list_as_with_kms)
    return read


def test_an_object_whose_md5_s3_does_not_list_is_told_by_its_sha256(
    mirror: Stores, owner: User, reads: list[str]
) -> None:
    make_sessions(owner, 3, transcript_text=TRANSCRIPT)
    worker.drain()
    assert check.check(mirror).parity_percent == 100
    assert reads == []


def test_an_object_of_which_s3_keeps_no_sha256_is_read(
    mirror: Stores, owner: User, reads: list[str]
) -> None:
    make_sessions(owner, 2, transcript_text=TRANSCRIPT)
    worker.drain()
    key, other = objects(mirror)
    client, bucket = mirror.objects.storage.client, mirror.objects.bucket
    content = mirror.objects.get(key)
    client.put_object(Bucket=bucket, Key=key, Body=content)
    client.put_object(Bucket=bucket, Key=other, Body=b"something else")
    reads.clear()
    (finding,) = check.check(mirror).findings
    assert (finding.kind, finding.key) == ("object_stale", other)
    assert set(reads) == {key, other}


def test_an_object_with_another_sha256_is_stale(
    mirror: Stores, owner: User, reads: list[str]
) -> None:
    make_sessions(owner, 1, transcript_text=TRANSCRIPT)
    worker.drain()
    (key,) = objects(mirror)
    mirror.objects.put(key, b"something else")
    reads.clear()
    (finding,) = check.check(mirror).findings
    assert (finding.kind, finding.key) == ("object_stale", key)
    assert reads == []


def test_an_object_that_is_gone_has_no_sha256(mirror: Stores) -> None:
    assert mirror.objects.sha256("transcripts/1/gone.json") is None
