"""``mirror_setup`` creates the table and the bucket, and says what is to be known of them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from mirror.conf import setting
from mirror.documents import registry
from mirror.stores import clients
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify.answers import ask_stores
from sessions_app.models import Highlight
from tests.support.aws import refuse
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_campaign, make_sessions
from tests.support.stored import assert_equal


def test_a_new_store_is_created_and_every_row_enqueued_for_it(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 2, make_campaign(owner), transcript_text=TRANSCRIPT, notes="n" * 60_000)
    worker.drain()
    assert_equal(mirror)
    mirror.items.client.delete_table(TableName=mirror.items.table)
    for listed in list(mirror.objects.list("")):
        mirror.objects.delete(listed.key)
    mirror.objects.storage.client.delete_bucket(Bucket=mirror.objects.bucket)

    code, printed = run("mirror_setup")
    assert (code, "3 rows are enqueued" in printed) == (0, True)
    code, printed = run("mirror_setup", "--check")
    assert (code, "as it should be" in printed) == (0, True)
    assert worker.drain().complete
    assert_equal(mirror)


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_the_check_says_that_a_bucket_keeps_what_was_deleted(mirror: Stores, status: str) -> None:
    code, printed = run("mirror_setup", "--check")
    assert (code, "version" in printed) == (0, False)
    mirror.objects.storage.client.put_bucket_versioning(
        Bucket=mirror.objects.bucket, VersioningConfiguration={"Status": status}
    )
    code, printed = run("mirror_setup", "--check")
    assert code == 0
    assert (
        f"Versioning of bucket {mirror.objects.bucket} is {status.lower()}: objects that" in printed
    )
    assert "as it should be" in printed


@pytest.mark.parametrize(("code", "status"), [("AccessDenied", 403), ("NotImplemented", 501)])
def test_a_bucket_whose_versioning_cannot_be_read_is_no_fault(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    def refuse(**_: Any) -> None:
        answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(answer, "GetBucketVersioning")  # type: ignore[arg-type] # the rest

    monkeypatch.setattr(mirror.objects.storage.client, "get_bucket_versioning", refuse)
    exit_code, printed = run("mirror_setup", "--check")
    assert exit_code == 0
    assert f"keeps deleted objects is unknown: GetBucketVersioning was refused ({code})" in printed
    assert "as it should be" in printed


def test_a_bucket_that_is_missing_is_the_only_fault_of_it(mirror: Stores) -> None:
    mirror.objects.storage.client.delete_bucket(Bucket=mirror.objects.bucket)
    code, printed = run("mirror_setup", "--check")
    assert code == 1
    assert printed == f"Bucket {mirror.objects.bucket} does not exist.\n"


def test_a_table_that_is_missing_is_named_with_its_region(mirror: Stores) -> None:
    mirror.items.client.delete_table(TableName=mirror.items.table)
    code, printed = run("mirror_setup", "--check")
    assert code == 1
    assert f"There is no table {mirror.items.table} in {setting('REGION')}: run " in printed


@pytest.mark.parametrize(
    ("store", "operation", "right"),
    [
        ("items", "DescribeTimeToLive", "dynamodb:DescribeTimeToLive"),
        ("items", "DescribeTable", "dynamodb:DescribeTable"),
        ("objects", "HeadBucket", "s3:ListBucket"),
        ("objects", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
        ("objects", "GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ],
)
def test_a_refusal_names_the_operation_and_the_right(
    mirror: Stores, store: str, operation: str, right: str
) -> None:
    refuse(mirror.items.client if store == "items" else mirror.objects.storage.client, operation)
    code, printed = run("mirror_setup")
    assert code == 2
    assert printed.endswith(f" {operation} needs the right {right}.\n")


@pytest.mark.parametrize("setting", ["MIRROR", "STORAGES"])
def test_a_bucket_of_another_account_is_not_used(
    mirror: Stores, settings: Settings, setting: str
) -> None:
    owner = "210987654321"
    if setting == "MIRROR":
        named = {"STORAGE": "none", "BUCKET": mirror.objects.bucket, "BUCKET_OWNER": owner}
        settings.MIRROR = {**settings.MIRROR, **named}
    else:
        storage = settings.STORAGES["mirror"]
        options = {**storage["OPTIONS"], "bucket_owner": owner}
        settings.STORAGES = {**settings.STORAGES, "mirror": {**storage, "OPTIONS": options}}
    sent: list[tuple[str, Any]] = []
    client = clients.background_clients().objects.storage.client
    client.meta.events.register(
        "before-send.s3",
        lambda request, event_name, **_: sent.append(
            (event_name.rpartition(".")[2], request.headers.get("x-amz-expected-bucket-owner"))
        ),
    )
    run("mirror_setup", "--probe")
    run("mirror_setup", "--check")
    assert {owner for _, owner in sent} == {owner.encode()}
    assert {"PutObject", "ListObjectsV2", "DeleteObject", "HeadBucket"} <= {op for op, _ in sent}


def test_a_store_without_public_access_blocks_is_set_up_with_a_remark(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(**_: Any) -> None:
        answer = {"Error": {"Code": "NotImplemented"}, "ResponseMetadata": {"HTTPStatusCode": 501}}
        raise ClientError(answer, "GetPublicAccessBlock")  # type: ignore[arg-type] # the rest

    monkeypatch.setattr(mirror.objects.storage.client, "get_public_access_block", unknown)
    assert run("mirror_setup") == (0, "Everything exists already.\n")
    code, printed = run("mirror_setup", "--check")
    assert code == 0
    assert f"Whether bucket {mirror.objects.bucket} is open to the public is unknown" in printed
    assert "as it should be" in printed


def test_without_a_bucket_s3_is_never_asked(
    mirror: Stores, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.objects.storage.client.delete_bucket(Bucket=mirror.objects.bucket)
    # Highlights have no long texts and no bodies.
    highlights = Highlight._meta.label_lower
    only = {highlights: registry.document_for(highlights)}
    monkeypatch.setattr(registry, "_documents", only)
    settings.MIRROR = {**settings.MIRROR, "STORAGE": "none"}
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")  # where nobody listens
    clients.reset_clients()
    assert run("mirror_setup") == (0, "Everything exists already.\n")
    assert run("mirror_setup", "--check") == (0, "Everything is as it should be.\n")
    code, printed = run("mirror_setup", "--probe")
    assert (code, "S3" in printed, "bucket" in printed) == (0, False, False)
    assert run("mirror_check", "--deep")[0] == 0
    assert ask_stores() == {"DynamoDB": ""}
