"""The stand-in does what DynamoDB and S3 do, as far as the bench asks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from mirror.models import LedgerEntry
from mirror.stores import clients
from mirror.sync import worker
from mirror.verify import check
from tests.bench.processes import INSTANT, ask, load, stand_in
from tests.support.factories import make_campaign, make_sessions, make_user

CONDITION = "attribute_not_exists(pk) OR mirrorRevision < :revision"


@pytest.fixture(scope="module")
def shared_address() -> Iterator[str]:
    with stand_in(INSTANT) as address:
        yield address


@pytest.fixture
def address(shared_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    clients.reset_clients()
    yield shared_address
    clients.reset_clients()


def client(service: str, address: str) -> Any:
    make: Any = boto3.client
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return make(service, endpoint_url=address, region_name="us-east-1", config=config)


def item(number: int, revision: int = 1, **more: dict[str, Any]) -> dict[str, Any]:
    return {
        "pk": {"S": f"camp#{number % 40}"},
        "sk": {"S": f"sess#{number}"},
        "mirrorRevision": {"N": f"{revision}"},
        **more,
    }


def test_what_the_mirror_drains_is_equal(address: str, transactional_db: None) -> None:
    owner = make_user()
    make_sessions(owner, 30, make_campaign(owner), transcript_text="MATT: hello")

    drained = worker.drain()
    report = check.check(clients.background_clients())

    assert (drained.mirrored, drained.complete) == (31, True)
    assert (report.expected, report.in_sync, list(report.findings)) == (31, 31, [])


def test_a_newer_item_is_not_overwritten(address: str, transactional_db: None) -> None:
    campaign = make_campaign(make_user())
    worker.drain()
    LedgerEntry.objects.update(revision=1, mirrored_revision=0, item_keys=[], attempted=[])
    newer = item(1, 7, pk={"S": f"user#{campaign.owner_id}"}, sk={"S": f"camp#{campaign.pk}"})
    client("dynamodb", address).put_item(TableName="test-mirror", Item=newer)

    worker.drain()

    entry = LedgerEntry.objects.get()
    assert (entry.parked_at is None, entry.error_class) == (False, "RemoteAhead")


def test_a_refused_put_returns_what_lies_there(address: str) -> None:
    dynamodb = client("dynamodb", address)
    put = {
        "TableName": "refused",
        "ConditionExpression": CONDITION,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }

    def put_revision(revision: int) -> None:
        values = {":revision": {"N": f"{revision}"}}
        dynamodb.put_item(Item=item(1, revision), ExpressionAttributeValues=values, **put)

    put_revision(1)
    put_revision(2)
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as refusal:
        put_revision(2)

    assert refusal.value.response["Item"] == item(1, 2)


@pytest.mark.parametrize("segments", [1, 3])
def test_a_scan_returns_each_item_once_in_pages_of_a_megabyte(address: str, segments: int) -> None:
    dynamodb, table = client("dynamodb", address), f"scanned-{segments}"
    for number in range(120):
        large = item(number, notes={"S": "x" * 50_000})
        dynamodb.put_item(TableName=table, Item=large)

    pages = [
        page
        for segment in range(segments)
        for page in dynamodb.get_paginator("scan").paginate(
            TableName=table,
            Segment=segment,
            TotalSegments=segments,
            ProjectionExpression="sk",
            ReturnConsumedCapacity="TOTAL",
        )
    ]

    names = [found["sk"]["S"] for page in pages for found in page["Items"]]
    units = [page["ConsumedCapacity"]["CapacityUnits"] for page in pages]
    assert sorted(names) == sorted(f"sess#{number}" for number in range(120))
    assert len(pages) > 5
    assert max(units) <= 135  # a megabyte and an item, half a unit for four kilobytes
    assert sum(units) == pytest.approx(120 * 50_060 / 4096 / 2, rel=0.01)


def test_a_batch_counts_each_item_and_returns_what_exists(address: str) -> None:
    dynamodb = client("dynamodb", address)
    dynamodb.put_item(TableName="batch", Item=item(1, notes={"S": "x" * 5000}))
    keys = [{name: item(number)[name] for name in ("pk", "sk")} for number in (1, 2)]

    for consistent, units in ((False, 1.5), (True, 3)):
        answer = dynamodb.batch_get_item(
            RequestItems={"batch": {"Keys": keys, "ConsistentRead": consistent}},
            ReturnConsumedCapacity="TOTAL",
        )

        assert [found["sk"]["S"] for found in answer["Responses"]["batch"]] == ["sess#1"]
        assert answer["ConsumedCapacity"][0]["CapacityUnits"] == units


def test_a_listing_has_pages_of_a_thousand_with_md5s(address: str) -> None:
    s3 = client("s3", address)
    keys = [f"texts/{number:04} é" for number in range(1003)]
    for key in [*keys, "other/1"]:
        s3.put_object(Bucket="listed", Key=key, Body=key.encode())

    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="listed", Prefix="texts/"))
    later = s3.list_objects_v2(Bucket="listed", Prefix="texts/", StartAfter=keys[1000])

    found = [listed for page in pages for listed in page["Contents"]]
    assert [len(page["Contents"]) for page in pages] == [1000, 3]
    assert [listed["Key"] for listed in found] == keys
    digest = hashlib.md5(keys[0].encode(), usedforsecurity=False).hexdigest()
    assert found[0]["ETag"] == f'"{digest}"'
    assert [listed["Key"] for listed in later["Contents"]] == keys[1001:]


def test_objects_are_read_and_removed(address: str) -> None:
    s3 = client("s3", address)
    for key in "abc":
        s3.put_object(Bucket="objects", Key=key, Body=b"content", ChecksumAlgorithm="SHA256")

    read = s3.get_object(Bucket="objects", Key="a")["Body"].read()
    head = s3.head_object(Bucket="objects", Key="a", ChecksumMode="ENABLED")
    s3.delete_object(Bucket="objects", Key="a")
    s3.delete_objects(Bucket="objects", Delete={"Objects": [{"Key": "b"}]})

    assert read == b"content"
    assert (head["ContentLength"], len(head["ChecksumSHA256"])) == (7, 44)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="objects")["Contents"]] == ["c"]
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="objects", Key="a")


def test_what_it_does_not_know_is_refused(address: str) -> None:
    dynamodb, s3 = client("dynamodb", address), client("s3", address)

    with pytest.raises(ClientError, match="UnknownOperationException"):
        dynamodb.delete_item(TableName="any", Key={})
    with pytest.raises(ClientError, match="ValidationException"):
        dynamodb.scan(TableName="any", FilterExpression="size(pk) > :one")
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.get_bucket_versioning(Bucket="any")


def test_it_can_be_loaded_and_tells_what_it_did(address: str) -> None:
    before = ask(address, "count")
    load(address, '{"pk": {"S": "a"}, "sk": {"S": "b"}}\n{"pk": {"S": "a"}, "sk": {"S": "c"}}')

    client("dynamodb", address).put_item(TableName="told", Item=item(1))

    assert ask(address, "count") == before + 1
    assert ask(address, "written")[-1][0] == "sess#1"
    assert ask(address, "began") > 0
    assert ask(address, "began") == 0
    loaded = client("dynamodb", address).scan(TableName="bench-mirror")["Items"]
    assert [found["sk"]["S"] for found in loaded] == ["b", "c"]
