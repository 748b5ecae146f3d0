"""The two stores: DynamoDB for items, S3 for objects.

A sink knows its service and nothing of ledgers. Each call either does what it says, or raises
``SinkError`` (what to do about it is sorted out already) or ``Superseded``.
"""

from __future__ import annotations

import functools
import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import boto3
import urllib3.exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.signals import setting_changed

from mirror.conf import setting
from mirror.documents import EXPIRES, REVISION, Item
from mirror.errors import SinkError, Superseded, classify, is_about_credentials
from mirror.models import ItemKey
from mirror.storage import ObjectStorage

DYNAMODB = "DynamoDB"
S3 = "S3"
# A body that is cut short is urllib3's error, not boto's.
AWS_ERRORS: tuple[type[Exception], ...] = (
    BotoCoreError,
    ClientError,
    urllib3.exceptions.HTTPError,
    OSError,
    ResponseParserError,
    KeyError,  # boto makes an empty answer of one that was cut: its members are missing
)
BATCH = 100  # keys that BatchGetItem takes
INLINE_TIMEOUT = 1.0  # seconds: a person waits
PATIENT_TIMEOUT = 10.0  # seconds: nobody does


@contextmanager
def sorted_errors(sink: str, *more: type[Exception]) -> Iterator[None]:
    """Raise what a call to ``sink`` raises as ``SinkError``, without the message."""
    try:
        yield
    except AWS_ERRORS + more as error:
        if is_about_credentials(error):
            reset_sinks()  # a client keeps those that it was made with; the next one looks anew
        raise SinkError(classify(error, sink)) from None  # the cause's message may quote data


class ItemSink:
    """The DynamoDB table."""

    def __init__(self, *, timeout: float) -> None:
        config = Config(
            connect_timeout=timeout,
            read_timeout=timeout,
            retries={"total_max_attempts": 1},
            max_pool_connections=16,
            parameter_validation=False,  # an eighth of a call's cost; items are built by documents
        )
        self.table = str(setting("TABLE"))
        self.read_units = 0.0  # consumed so far, as far as DynamoDB told
        self._counting = threading.Lock()
        with sorted_errors(DYNAMODB, ValueError):  # of an endpoint's address
            self.client: Any = boto3.session.Session().client(
                "dynamodb", region_name=str(setting("REGION")), config=config
            )

    def put(self, item: Item) -> None:
        """Write ``item`` over an older revision or none.

        Raises ``Superseded`` where the table holds a newer revision. BatchWriteItem takes no
        conditions, so this is PutItem.
        """
        with sorted_errors(DYNAMODB):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=item,
                    # The middle part lets what has no revision, put there by a hand, be repaired.
                    ConditionExpression=(
                        f"attribute_not_exists(pk) OR NOT attribute_type({REVISION}, :number)"
                        f" OR {REVISION} <= :revision"
                    ),
                    ExpressionAttributeValues={
                        ":revision": item[REVISION],
                        ":number": {"S": "N"},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self.client.exceptions.ConditionalCheckFailedException as refusal:
                raise Superseded(revision_of(refusal.response.get("Item", {}))) from None

    def bury(self, key: ItemKey, revision: int, expires_at: datetime) -> None:
        """Put a tombstone over ``key``; the table's TTL removes it after ``expires_at``.

        A physical delete would let a put that lands late bring the item back.
        """
        self.put(
            {
                "pk": {"S": key.pk},
                "sk": {"S": key.sk},
                REVISION: {"N": str(revision)},
                EXPIRES: {"N": str(int(expires_at.timestamp()))},
            }
        )

    def get_many(self, keys: Sequence[ItemKey], *, consistent: bool = False) -> dict[ItemKey, Item]:
        """Return the items that exist under ``keys``, tombstones included."""
        found: dict[ItemKey, Item] = {}
        for start in range(0, len(keys), BATCH):
            wanted: dict[str, Any] = {
                self.table: {
                    "Keys": [
                        {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
                        for key in keys[start : start + BATCH]
                    ],
                    "ConsistentRead": consistent,
                }
            }
            pause = 0.0
            while wanted:
                time.sleep(pause)
                with sorted_errors(DYNAMODB):
                    answer = self.client.batch_get_item(
                        RequestItems=wanted, ReturnConsumedCapacity="TOTAL"
                    )
                    items = answer["Responses"].get(self.table, [])
                found |= {key_of(item): item for item in items}
                self._count(answer.get("ConsumedCapacity", []))
                wanted = answer.get("UnprocessedKeys", {})
                pause = min(2 * pause + 0.05, 2)  # DynamoDB answers in part when it is asked much
        return found

    def scan_keys(self) -> Iterator[list[Item]]:
        """Yield every live item, a page at a time, with its keys, entity, id and revision only."""
        names = {"#e": "__edb_e__", "#i": "id", "#r": REVISION, "#x": EXPIRES}
        arguments: dict[str, Any] = {
            "TableName": self.table,
            "ProjectionExpression": "pk, sk, #e, #i, #r, #x",
            "ExpressionAttributeNames": names,
            "ReturnConsumedCapacity": "TOTAL",
        }
        while True:
            with sorted_errors(DYNAMODB):
                page = self.client.scan(**arguments)
                items = page["Items"]
            self._count([page.get("ConsumedCapacity", {})])
            yield [item for item in items if not is_tombstone(item)]
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _count(self, consumed: list[dict[str, Any]]) -> None:
        with self._counting:
            self.read_units += sum(part.get("CapacityUnits", 0.0) for part in consumed)


@dataclass(frozen=True)
class Listed:
    """An object as S3's key listing shows it."""

    key: str
    etag: str
    modified: datetime


class ObjectSink:
    """The S3 bucket."""

    def __init__(self, *, timeout: float) -> None:
        parameters: dict[str, Any] = settings.STORAGES[setting("STORAGE")]
        options = {**parameters.get("OPTIONS", {}), "timeout": timeout}
        self.storage = cast(
            "ObjectStorage", storages.create_storage({**parameters, "OPTIONS": options})
        )
        self.bucket: str = self.storage.bucket_name
        with sorted_errors(S3, ValueError):  # of an endpoint's address
            self.storage.client  # noqa: B018 - made now, so that a wrong address is said now

    def put(self, key: str, content: bytes) -> None:
        """Upload ``content`` as ``key``."""
        with sorted_errors(S3):
            self.storage.save(key, ContentFile(content))

    def delete(self, key: str) -> None:
        """Remove ``key``; nothing happens where it does not exist."""
        with sorted_errors(S3):
            # As it stands: django-storages would take "a//b" for "a/b".
            self.storage.client.delete_object(Bucket=self.bucket, Key=key)

    def get(self, key: str) -> bytes | None:
        """Return the content of ``key``, or None where it does not exist."""
        with sorted_errors(S3):
            try:
                answer = self.storage.client.get_object(Bucket=self.bucket, Key=key)
                content: bytes = answer["Body"].read()
            except self.storage.client.exceptions.NoSuchKey:
                return None
        return content

    def list(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        """Yield the objects whose key begins with ``prefix`` and sorts after ``after``."""
        pages = self.storage.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, StartAfter=after
        )
        with sorted_errors(S3):
            for page in pages:
                for entry in page.get("Contents", []):
                    yield Listed(entry["Key"], entry["ETag"].strip('"'), entry["LastModified"])


@dataclass(frozen=True)
class Sinks:
    """Both stores, as one process uses them."""

    items: ItemSink
    objects: ObjectSink


@functools.cache
def patient_sinks() -> Sinks:
    """Return the process's sinks for work that nobody waits for."""
    return Sinks(ItemSink(timeout=PATIENT_TIMEOUT), ObjectSink(timeout=PATIENT_TIMEOUT))


@functools.cache
def inline_sinks() -> Sinks:
    """Return the process's sinks for work in a person's request."""
    return Sinks(ItemSink(timeout=INLINE_TIMEOUT), ObjectSink(timeout=INLINE_TIMEOUT))


def reset_sinks(**_: Any) -> None:
    """Forget the sinks: the settings have changed, or a stand-in for AWS moved."""
    patient_sinks.cache_clear()
    inline_sinks.cache_clear()


setting_changed.connect(reset_sinks)


def key_of(item: Item) -> ItemKey:
    """Return the primary key of ``item``."""
    return ItemKey(item["pk"]["S"], item["sk"]["S"])


def revision_of(item: Item) -> int:
    """Return the revision of ``item``, rounded up; 0 where it has none."""
    return math.ceil(Decimal(item.get(REVISION, {}).get("N", "0")))


def is_tombstone(item: Item) -> bool:
    """Whether ``item`` only says that something was there."""
    return item.keys() <= {"pk", "sk", REVISION, EXPIRES} and EXPIRES in item
