"""Proves the rights and the semantics that the mirror depends on, against the account itself.

All that it writes has keys of its own. In the table that is a tombstone, which nobody takes for an
item and the time to live removes; in the bucket, an object that is deleted again.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.template.defaultfilters import pluralize

from mirror.conf import has_bucket
from mirror.documents.items import Item, ItemKey, Known, revision_of, tombstone
from mirror.errors import StoreError, Superseded
from mirror.stores.aws_errors import translated_errors
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import DYNAMODB, ItemStore
from mirror.stores.rights import missing_right
from mirror.stores.s3 import S3, ObjectStore

NAME = "mirror-probe"  # the keys of everything that it writes begin with this
CONTENT = b"mirror_setup --probe wrote this, and removes it again.\n"
BYTES_A_UNIT = 8192  # of a scan with eventually consistent reads
DOLLARS_A_UNIT = 0.125 / 1_000_000  # on demand, in us-east-1

WRITERS = "the web server and the worker"
READERS = "the web server, mirror_check and mirror_restore"
CHECKS = "mirror_check and mirror_restore"

Step = tuple[str, str, Callable[[], bool]]  # what should happen, who needs it, whether it does


@dataclass(frozen=True)
class Answer:
    """What should happen, and why it does not; ``problem`` is empty if it does."""

    promise: str
    problem: str = ""


def probe(stores: Stores) -> Iterator[Answer]:
    """Try what the mirror depends on, step by step, and yield how each ended.

    A step that is refused for lack of a right is a problem, and the next one is tried. Raises
    ``StoreError`` if a store cannot be used at all.
    """
    name = uuid.uuid4().hex
    for step in _steps_of_table(stores.items, ItemKey(f"{NAME}#{name}", f"{NAME}#{name}")):
        yield _answer(DYNAMODB, *step)
    if not has_bucket():
        return
    key = f"{NAME}/{name}.txt"
    try:
        for step in _steps_of_bucket(stores.objects, key):
            yield _answer(S3, *step)
    finally:
        with suppress(StoreError):
            stores.objects.delete(key)


def cost_of_a_check(stores: Stores) -> str:
    """Return what a daily check will cost in this account, with the formula."""
    try:
        with translated_errors(DYNAMODB):
            table = stores.items.client.describe_table(TableName=stores.items.table)["Table"]
            items, size = table["ItemCount"], table["TableSizeBytes"]
    except StoreError as error:
        right = missing_right(error.failure)
        if not right:
            raise
        return f"What a check will cost is unknown without the right {right}."
    units = size / BYTES_A_UNIT
    listing = (
        " It lists the bucket for $0.005 a million objects; with SSE-KMS it asks for each object, "
        "for $0.40 a million."
    )
    return (
        "A check scans the table once. Its size, "
        f"{size:,} bytes in {items:,} item{pluralize(items)} (DynamoDB counts every six hours), "
        f"÷ {BYTES_A_UNIT:,} = {units:,.0f} read units; at $0.125 a million "
        f"(us-east-1, on demand) ${units * DOLLARS_A_UNIT:,.2f}.{listing if has_bucket() else ''}"
    )


def _answer(store: str, promise: str, needed_by: str, happens: Callable[[], bool]) -> Answer:
    promise = f"{store}: {promise}"
    try:
        return Answer(promise, "" if happens() else "that is not so; do not run the mirror here")
    except StoreError as error:
        right = missing_right(error.failure)
        if not right:
            raise
        operation, code = error.failure.operation, error.failure.code
        refused = f"{operation} was refused ({code})"
        return Answer(promise, f"{refused}; {needed_by} must have the right {right}")


def _steps_of_table(items: ItemStore, key: ItemKey) -> Iterator[Step]:
    expires = datetime.now(UTC) + timedelta(hours=1)
    first, second, third = (tombstone(key, revision, expires) for revision in (1, 2, 3))
    index: dict[str, Any] = {
        "IndexName": "gsi1",
        "KeyConditionExpression": "gsi1pk = :key",
        "ExpressionAttributeValues": {":key": {"S": key.pk}},
    }
    yield "a tombstone is put", WRITERS, partial(_is_put, items, second, Known())
    yield "an older revision is refused", WRITERS, lambda: not _is_put(items, first, Known())
    yield "a newer one is put", WRITERS, partial(_is_put, items, third, Known(mirrored=2))
    yield "it is read back", READERS, lambda: _revision(items, key) == revision_of(third)
    yield "the index is queried", "the search on the mirror", lambda: not _live(items, index)
    yield "the table is scanned", CHECKS, lambda: next(items.scan(), None) is not None


def _steps_of_bucket(objects: ObjectStore, key: str) -> Iterator[Step]:
    md5, sha256 = (
        hashlib.new(name, CONTENT, usedforsecurity=False).hexdigest() for name in ("md5", "sha256")
    )

    def listed_with_checksum() -> bool:
        etags = {listed.etag for listed in objects.list(key)}
        return bool(etags) and (md5 in etags or objects.sha256(key) == sha256)

    yield "an object is put", WRITERS, lambda: _is_done(objects.put, key, CONTENT)
    yield "it is listed, with its checksum", READERS, listed_with_checksum
    yield "it is read back", READERS, lambda: objects.get(key) == CONTENT
    yield "it is deleted", WRITERS, lambda: _is_done(objects.delete, key)
    yield "it is gone", READERS, lambda: objects.get(key) is None


def _is_done(call: Callable[..., None], *args: Any) -> bool:
    call(*args)
    return True


def _is_put(items: ItemStore, item: Item, known: Known) -> bool:
    try:
        items.put_tombstone(item, known)
    except Superseded:
        return False
    return True


def _revision(items: ItemStore, key: ItemKey) -> int:
    found = items.get_many([key], consistent=True)
    return revision_of(found.get(key, {}))


def _live(items: ItemStore, arguments: dict[str, Any]) -> list[Item]:
    return [item for page in items.query(arguments) for item in page]
