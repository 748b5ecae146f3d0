"""DynamoDB and S3 in memory, below boto3's clients: with the semantics that AWS documents.

Strongly consistent, as both are after a write. Whoever calls may be stopped before the call takes
effect, and a request that has timed out for its caller can land later.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from mirror.documents.items import EXPIRES, REVISION, ItemKey, key_of
from mirror.stores.clients import Stores
from tests.exploration.clock import START
from tests.exploration.conditions import Item, holds

WRITES = frozenset({"PutItem", "DeleteItem", "PutObject", "DeleteObject", "DeleteObjects"})
S3_OPERATIONS = ("PutObject", "DeleteObject", "DeleteObjects", "GetObject", "ListObjectsV2")
Arguments = dict[str, Any]
Saved = tuple[Any, ...]
NOTHING: Saved = ({}, {}, [], (), {}, False)  # of empty stores


class Cloud:
    """Both stores, and the requests that are still on their way."""

    def __init__(self, stores: Stores) -> None:
        self.dynamodb: Any = stores.items.client
        self.s3: Any = stores.objects.storage.client
        self.table, self.bucket = stores.items.table, stores.objects.bucket
        self.dynamodb._make_api_call = self._call
        self.s3._make_api_call = self._call
        # Called before each call: returns "", "late" or "fail", or raises.
        self.before_call: Callable[[str], str] = lambda operation: ""
        self.items: dict[ItemKey, Item] = {}
        self.objects: dict[str, bytes] = {}
        self.late: list[tuple[str, Arguments]] = []
        self.sent: set[str] = set()  # keys to which an upload was sent
        self.precious: dict[ItemKey, Item] = {}  # newer than a restored database, the only copy
        self.s3_is_down = False
        self.harm = ""  # what a write has broken at once

    def save(self) -> Saved:
        """Return what ``go_back`` takes. Items are never changed in place."""
        return (
            dict(self.items),
            dict(self.objects),
            list(self.late),
            set(self.sent),
            dict(self.precious),
            self.s3_is_down,
        )

    def go_back(self, saved: Saved) -> None:
        """Go back to what ``save`` returned."""
        items, objects, late, sent, precious, self.s3_is_down = saved
        self.items, self.objects, self.late = dict(items), dict(objects), list(late)
        self.sent, self.precious, self.harm = set(sent), dict(precious), ""

    def contents(self) -> tuple[Any, ...]:
        """What both stores hold, to be compared and hashed; not when a tombstone expires."""
        items = tuple(
            (key, repr({n: v for n, v in item.items() if n != EXPIRES}), EXPIRES in item)
            for key, item in sorted(self.items.items())
        )
        return items, tuple(sorted(self.objects))

    def waiting(self) -> tuple[str, ...]:
        """The requests that may still land, to be compared and hashed."""
        return tuple(f"{operation} {_subject(arguments)}" for operation, arguments in self.late)

    def land(self, index: int) -> None:
        """Let one request that has timed out for its caller take effect."""
        operation, arguments = self.late.pop(index)
        with suppress(self.dynamodb.exceptions.ConditionalCheckFailedException):
            self._perform(operation, arguments)

    def guard_newer_items(self, known: int) -> None:
        """From now on, nobody may write over an item that is newer than ``known``."""
        self.precious = {
            key: item
            for key, item in self.items.items()
            if int(item.get(REVISION, {}).get("N", "0")) > known
        }

    def _call(self, operation: str, arguments: Arguments) -> Any:
        outcome = self.before_call(operation)
        if self.s3_is_down and operation in S3_OPERATIONS:
            self._note_sent(operation, arguments)
            raise EndpointConnectionError(endpoint_url="s3")
        if outcome == "late":
            self._note_sent(operation, arguments)
            self.late.append((operation, arguments))
            raise ReadTimeoutError(endpoint_url="aws")
        if outcome == "fail":
            self._note_sent(operation, arguments)
            raise self._error("ThrottlingException", operation)
        return self._perform(operation, arguments)

    def _note_sent(self, operation: str, arguments: Arguments) -> None:
        if operation == "PutObject":
            self.sent.add(arguments["Key"])

    def _perform(self, operation: str, arguments: Arguments) -> Any:
        before = dict(self.items) if operation in WRITES else {}
        answer = getattr(self, f"_{operation}")(**arguments)
        if operation in WRITES:
            self._look_for_harm(before)
        return answer

    def _look_for_harm(self, before: dict[ItemKey, Item]) -> None:
        for key, item in self.precious.items():
            if before.get(key) is item and self.items.get(key) is not item:
                self.harm = "a newer item, whose content only the table had, was overwritten"
        for item in self.items.values():
            for name, value in item.items():
                if name.endswith("StorageKey") and value.get("S") not in self.objects:
                    self.harm = f"an item points to an object that does not exist: {value['S']}"

    def _error(self, code: str, operation: str, **more: Any) -> Exception:
        client = self.s3 if operation in S3_OPERATIONS else self.dynamodb
        response = {
            "Error": {"Code": code, "Message": ""},
            "ResponseMetadata": {"HTTPStatusCode": 400},
            **more,
        }
        error: Exception = client.exceptions.from_code(code)(response, operation)
        return error

    # DynamoDB

    def _PutItem(  # noqa: N802 - the names of the operations
        self,
        Item: Item,  # noqa: N803
        **options: Any,
    ) -> Arguments:
        self._check(key_of(Item), "PutItem", options)
        self.items[key_of(Item)] = Item
        return {}

    def _DeleteItem(self, Key: Item, **options: Any) -> Arguments:  # noqa: N802, N803
        self._check(key_of(Key), "DeleteItem", options)
        self.items.pop(key_of(Key), None)
        return {}

    def _check(self, key: ItemKey, operation: str, options: Arguments) -> None:
        present = self.items.get(key, {})
        names = options.get("ExpressionAttributeNames", {})
        values = options.get("ExpressionAttributeValues", {})
        condition = options.get("ConditionExpression")
        if condition and not holds(condition, present, names, values):
            told = options.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and present
            more = {"Item": dict(present)} if told else {}
            raise self._error("ConditionalCheckFailedException", operation, **more)

    def _BatchGetItem(self, RequestItems: Arguments, **_: Any) -> Arguments:  # noqa: N802, N803
        ((table, wanted),) = RequestItems.items()
        keys = [key_of(key) for key in wanted["Keys"]]
        found = [dict(self.items[key]) for key in keys if key in self.items]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def _Scan(self, **options: Any) -> Arguments:  # noqa: N802
        if "FilterExpression" in options:
            raise AssertionError("the mirror scans with filters only to restore")
        items = [dict(item) for item in self.items.values()]
        if projection := options.get("ProjectionExpression"):
            names = options.get("ExpressionAttributeNames", {})
            wanted = {names.get(word, word) for word in projection.replace(" ", "").split(",")}
            items = [{n: v for n, v in item.items() if n in wanted} for item in items]
        return {"Items": items}

    # S3

    def _PutObject(self, Key: str, Body: bytes, **_: Any) -> Arguments:  # noqa: N802, N803
        self.sent.add(Key)
        self.objects[Key] = Body
        return {}

    def _DeleteObject(self, Key: str, **_: Any) -> Arguments:  # noqa: N802, N803
        self.objects.pop(Key, None)
        return {}

    def _DeleteObjects(self, Delete: Arguments, **_: Any) -> Arguments:  # noqa: N802, N803
        for listed in Delete["Objects"]:
            self.objects.pop(listed["Key"], None)
        return {}

    def _GetObject(self, Key: str, **_: Any) -> Arguments:  # noqa: N802, N803
        if Key not in self.objects:
            raise self._error("NoSuchKey", "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def _ListObjectsV2(  # noqa: N802
        self,
        Prefix: str = "",  # noqa: N803
        StartAfter: str = "",  # noqa: N803
        **_: Any,
    ) -> Arguments:
        keys = [key for key in sorted(self.objects) if key.startswith(Prefix) and key > StartAfter]
        listed = [
            {"Key": key, "ETag": f'"{_md5(self.objects[key])}"', "LastModified": START}
            for key in keys
        ]
        return {"Contents": listed, "IsTruncated": False}


def _subject(arguments: Arguments) -> str:
    """What tells a request from another one of the same kind."""
    item = {n: v for n, v in arguments.get("Item", {}).items() if n != EXPIRES}
    condition = {n: v for n, v in arguments.items() if n.startswith("ExpressionAttributeV")}
    return f"{item or arguments.get('Key') or arguments.get('Delete')} {condition}"


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
