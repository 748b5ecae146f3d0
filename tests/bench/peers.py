"""The peers: how one would write it without the mirror. Each runs as a process of its own.

``python -m tests.bench.peers NAME ARGUMENTS`` prints how many rows it took, or units. None of
them keeps any of the mirror's guarantees.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

import boto3
import django
from botocore.config import Config

if TYPE_CHECKING:
    from mirror.documents.render import Rendered
    from sessions_app.models import Session

THREADS = 24
CHUNK = 100
CONDITION = "attribute_not_exists(pk) OR mirrorRevision < :revision"


def clients(*, tuned: bool) -> tuple[Any, Any]:
    """Return clients of DynamoDB and S3: as they come, or with what costs time switched off."""
    options: dict[str, Any] = {"s3": {"addressing_style": "path"}}
    if tuned:
        options |= {
            "max_pool_connections": THREADS,
            "parameter_validation": False,
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
    session = boto3.session.Session(region_name="us-east-1")
    config = Config(**options)
    return session.client("dynamodb", config=config), session.client("s3", config=config)


def rendered_sessions(part: int, parts: int) -> Iterator[tuple[Session, Rendered]]:
    """Yield every ``parts``-th session with what the stores shall hold of it."""
    from mirror.documents.render import render
    from sessions_app.documents import SessionDocument
    from sessions_app.models import Session

    ids = list(Session.objects.order_by("pk").values_list("pk", flat=True))[part::parts]
    for start in range(0, len(ids), CHUNK):
        for session in Session.objects.filter(pk__in=ids[start : start + CHUNK]):
            yield session, render(SessionDocument, session)


def migrate_naively(limit: str) -> int:
    """Put the object and the item of each row, one after another."""
    dynamodb, s3 = clients(tuned=False)
    table, bucket = names()
    count = 0
    for _, rendered in islice(rendered_sessions(0, 1), int(limit)):
        (body,) = rendered.bodies
        key = body.fingerprint.key(1)
        s3.put_object(Bucket=bucket, Key=key, Body=body.content)
        dynamodb.put_item(TableName=table, Item=rendered.item(1, {body.attribute: key}))
        count += 1
    return count


def migrate_tuned(part: str, parts: str) -> int:
    """Do the same on many threads, and overwrite nothing newer."""
    dynamodb, s3 = clients(tuned=True)
    table, bucket = names()

    def put(rendered: Rendered) -> None:
        (body,) = rendered.bodies
        key = body.fingerprint.key(1)
        s3.put_object(Bucket=bucket, Key=key, Body=body.content)
        dynamodb.put_item(
            TableName=table,
            Item=rendered.item(1, {body.attribute: key}),
            ConditionExpression=CONDITION,
            ExpressionAttributeValues={":revision": {"N": "1"}},
        )

    count = 0
    with ThreadPoolExecutor(THREADS) as threads:
        rows = rendered_sessions(int(part), int(parts))
        while chunk := [rendered for _, rendered in islice(rows, 4 * THREADS)]:
            count += len(list(threads.map(put, chunk)))
    return count


def check_naively(limit: str) -> int:
    """Scan the table; for each item read the row and the object, one after another."""
    from mirror.documents.render import render
    from sessions_app.documents import SessionDocument
    from sessions_app.models import Session

    dynamodb, s3 = clients(tuned=False)
    table, bucket = names()
    count = 0
    scan = dynamodb.get_paginator("scan")
    for page in scan.paginate(TableName=table, PaginationConfig={"PageSize": int(limit)}):
        for item in page["Items"]:
            if count == int(limit):
                return count
            if item["__edb_e__"]["S"] != "session":
                continue
            rendered = render(SessionDocument, Session.objects.get(pk=item["id"]["S"]))
            (body,) = rendered.bodies
            key = item["transcriptStorageKey"]["S"]
            require(s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body.content)
            require(same(item, rendered, {body.attribute: key}))
            count += 1
    return count


def check_tuned() -> int:
    """List all checksums, scan the table, and read the rows of each page in chunks."""
    from mirror.documents.render import render
    from sessions_app.documents import SessionDocument
    from sessions_app.models import Session

    dynamodb, s3 = clients(tuned=True)
    table, bucket = names()
    etags = {
        found["Key"]: found["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for found in page["Contents"]
    }
    count = 0
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        items = {i["id"]["S"]: i for i in page["Items"] if i["__edb_e__"]["S"] == "session"}
        ids = list(items)
        for start in range(0, len(ids), CHUNK):
            for session in Session.objects.filter(pk__in=ids[start : start + CHUNK]):
                rendered, item = render(SessionDocument, session), items[str(session.pk)]
                (body,) = rendered.bodies
                key = item["transcriptStorageKey"]["S"]
                require(etags[key] == body.fingerprint.md5)
                require(same(item, rendered, {body.attribute: key}))
                count += 1
    return count


def scan_units() -> float:
    """Return the read units of one eventually consistent scan."""
    dynamodb, _ = clients(tuned=True)
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=names()[0], ReturnConsumedCapacity="TOTAL"
    )
    units: float = sum(page["ConsumedCapacity"]["CapacityUnits"] for page in pages)
    return units


def same(item: dict[str, Any], rendered: Rendered, references: dict[str, str]) -> bool:
    """Whether the item is what is expected, whatever its revision."""
    return item == rendered.item(int(item["mirrorRevision"]["N"]), references)


def require(condition: bool) -> None:
    """End the process if something differs."""
    if not condition:
        sys.exit("a difference was found where there is none")


def names() -> tuple[str, str]:
    """Return the names of the table and of the bucket."""
    from django.conf import settings

    bucket: str = settings.STORAGES["mirror"]["OPTIONS"]["bucket_name"]
    return settings.MIRROR["TABLE"], bucket


PEERS: dict[str, Callable[..., float]] = {
    peer.__name__: peer
    for peer in (migrate_naively, migrate_tuned, check_naively, check_tuned, scan_units)
}


def main() -> None:
    """Run the peer that is named."""
    name, *arguments = sys.argv[1:]
    django.setup()
    sys.stdout.write(f"{PEERS[name](*arguments)}")


if __name__ == "__main__":
    main()
