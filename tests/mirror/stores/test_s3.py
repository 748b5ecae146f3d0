"""What the mirror asks of an S3 store; and its commands with stores that are not moto."""

from __future__ import annotations

import hashlib
import uuid
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from mirror.errors import Kind, StoreError
from mirror.stores import clients, provision
from mirror.stores.s3 import ObjectStore
from tests.mirror.stores.conftest import At
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_campaign, make_sessions
from tests.support.stored import assert_equal

CONTENT = "Ærøskøbing 🐉".encode()
SHA256 = hashlib.sha256(CONTENT)


def empty_bucket(name: str, stores_at: At) -> ObjectStore:
    stores = stores_at("moto", name)
    provision.provision(stores)
    for listed in list(stores.objects.list("")):
        stores.objects.delete(listed.key)
    return stores.objects


def use(bucket: str, settings: Settings) -> None:
    storage = settings.STORAGES["mirror"]
    options = {**storage["OPTIONS"], "bucket_name": bucket}
    settings.STORAGES = {**settings.STORAGES, "mirror": {**storage, "OPTIONS": options}}


@pytest.fixture(params=["moto", "ministack", "seaweedfs"])
def objects(request: pytest.FixtureRequest, stores_at: At) -> ObjectStore:
    """An empty bucket of each kind. Only the last one is a store for real data."""
    return empty_bucket(request.param, stores_at)


@pytest.fixture
def strict(stores_at: At) -> ObjectStore:
    """An empty bucket of the one that checks signatures, as AWS does."""
    return empty_bucket("seaweedfs", stores_at)


def test_an_object_is_listed_with_its_md5_and_keeps_its_sha256(objects: ObjectStore) -> None:
    key = f"transcripts/{uuid.uuid4()}/1-{SHA256.hexdigest()}.json"
    objects.put(key, CONTENT)
    (listed,) = objects.list("transcripts/")
    assert (listed.key, listed.etag) == (key, hashlib.md5(CONTENT).hexdigest())  # noqa: S324
    assert objects.sha256(key) == SHA256.hexdigest()
    assert objects.get(key) == CONTENT


def test_what_does_not_exist_is_none_and_may_be_removed(objects: ObjectStore) -> None:
    assert objects.get("texts/nothing") is None
    assert objects.sha256("texts/nothing") is None
    objects.delete("texts/nothing")
    objects.put("texts/a", b"a")
    objects.put("texts/b", b"b")
    objects.delete("texts/a", "texts/b", "texts/nothing")
    assert list(objects.list("")) == []


def test_a_listing_begins_after_a_key_and_stays_within_its_prefix(objects: ObjectStore) -> None:
    for key in ("texts/1/a", "texts/2/a", "texts/3/a", "texts2/1/a"):
        objects.put(key, b"")
    assert [listed.key for listed in objects.list("texts/", after="texts/1/a")] == [
        "texts/2/a",
        "texts/3/a",
    ]


@pytest.mark.parametrize("objects", ["ministack", "seaweedfs"], indirect=True)  # moto takes it
def test_an_upload_that_does_not_match_its_checksum_is_refused(objects: ObjectStore) -> None:
    with pytest.raises(ClientError, match="BadDigest"):
        objects.storage.client.put_object(
            Bucket=objects.bucket,
            Key="texts/changed on its way",
            Body=b"something else",
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=b64encode(SHA256.digest()).decode(),
        )
    assert list(objects.list("")) == []


def test_a_bucket_that_does_not_exist_is_an_error_that_parks_nothing(
    objects: ObjectStore, settings: Settings
) -> None:
    use("no-such-bucket", settings)
    with pytest.raises(StoreError) as error:
        clients.background_clients().objects.put("texts/a", CONTENT)
    assert (error.value.failure.kind, error.value.failure.code) == (
        Kind.UNREACHABLE,
        "NoSuchBucket",
    )


def test_an_upload_that_was_signed_a_quarter_of_an_hour_ago_is_refused(
    strict: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_now: Any = vars(SigV4Auth)["_modify_request_before_signing"]

    def sign(minutes: int) -> None:
        then = datetime.now(UTC) - timedelta(minutes=minutes)

        def sign_then(auth: SigV4Auth, request: AWSRequest) -> None:
            request.context["timestamp"] = f"{then:%Y%m%dT%H%M%SZ}"
            sign_now(auth, request)

        monkeypatch.setattr(SigV4Auth, "_modify_request_before_signing", sign_then)

    sign(minutes=14)
    strict.put("texts/late", CONTENT)
    sign(minutes=16)
    with pytest.raises(StoreError) as error:
        strict.put("texts/too late", CONTENT)
    sign(minutes=0)
    assert error.value.failure.code == "RequestTimeTooSkewed"
    assert [listed.key for listed in strict.list("")] == ["texts/late"]


@pytest.mark.parametrize(
    ("variable", "code"),
    [
        ("AWS_SECRET_ACCESS_KEY", "SignatureDoesNotMatch"),
        ("AWS_ACCESS_KEY_ID", "InvalidAccessKeyId"),
    ],
)
def test_wrong_credentials_are_looked_for_again(
    strict: ObjectStore, monkeypatch: pytest.MonkeyPatch, variable: str, code: str
) -> None:
    monkeypatch.setenv(variable, "wrong")
    clients.reset_clients()
    wrong = clients.background_clients()
    with pytest.raises(StoreError) as error:
        wrong.objects.put("texts/a", CONTENT)
    assert error.value.failure.code == code
    assert clients.background_clients() is not wrong


@pytest.mark.parametrize("name", ["ministack", "seaweedfs"])
def test_the_commands_set_up_sync_and_check_other_stores(
    stores_at: At, transactional_db: None, owner: User, settings: Settings, name: str
) -> None:
    settings.MIRROR = {**settings.MIRROR, "TABLE": f"beside-{name}"}
    use(f"mirror-in-{name}", settings)
    stores = stores_at("ministack", name)
    make_sessions(owner, 3, make_campaign(owner), transcript_text=TRANSCRIPT, notes="n" * 60_000)
    for command in (["mirror_setup"], ["mirror_setup", "--check"], ["mirror_setup", "--probe"]):
        assert run(*command)[0] == 0
    assert run("mirror_sync")[0] == 0
    assert_equal(stores)
    assert run("mirror_check", "--deep")[0] == 0
    (first, *_) = stores.objects.list("transcripts/")
    stores.objects.put(first.key, b"changed past the mirror")
    assert run("mirror_check")[0] == 1
    assert run("mirror_check", "--repair")[0] == 0
    assert_equal(stores)
