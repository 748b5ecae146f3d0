"""DynamoDB: PutItem, BatchGetItem and Scan, with conditions, pages and consumed capacity.

Tables need not be created; the primary key is ``pk``, ``sk``.
"""

from __future__ import annotations

import json
import math
import time
import zlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.bench.standin.http import Request, response
from tests.exploration.conditions import holds

Json = dict[str, Any]
Key = tuple[int, str, str]  # hash of pk, pk, sk: the order of a scan

PAGE = 1024 * 1024  # bytes that a Scan reads at once
BATCH_BYTES = 16 * 1024 * 1024  # bytes that BatchGetItem returns
BATCH_KEYS = 100
MAX_ITEM_BYTES = 400 * 1024
READ_UNIT, WRITE_UNIT = 4096, 1024
HASHES = 2**32
TYPE = "application/x-amz-json-1.0"


class Refused(Exception):
    """An error of DynamoDB: its code, and what else its body says."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **more}


class Stored:
    """An item, with its size and its JSON once somebody needs them."""

    __slots__ = ("_size", "_text", "item")

    def __init__(self, item: Json) -> None:
        self.item = item
        self._text = ""
        self._size = 0

    @property
    def text(self) -> str:
        """The item as JSON."""
        self._text = self._text or json.dumps(self.item)
        return self._text

    @property
    def size(self) -> int:
        """Its bytes, as DynamoDB counts them."""
        self._size = self._size or sum(
            len(name.encode()) + _size(value) for name, value in self.item.items()
        )
        return self._size


def _size(value: Json) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return (len(content.strip("-0").replace(".", "")) + 1) // 2 + 1
        case "M":
            return 3 + sum(1 + len(key.encode()) + _size(v) for key, v in content.items())
        case "L":
            return 3 + sum(1 + _size(member) for member in content)
        case "BOOL" | "NULL":
            return 1
    raise Refused("UnknownOperationException")


class Table:
    """The items of a table; a scan goes through them in the order of their keys' hashes."""

    def __init__(self) -> None:
        self.items: dict[Key, Stored] = {}
        self._order: list[Key] = []

    @property
    def order(self) -> list[Key]:
        """All keys, sorted. No key is ever removed."""
        if len(self._order) != len(self.items):
            self._order = sorted(self.items)
        return self._order


def key_of(item: Json) -> Key:
    """Return the key of an item, or of its key attributes."""
    try:
        pk, sk = item["pk"]["S"], item["sk"]["S"]
    except KeyError:
        raise Refused("ValidationException") from None
    return zlib.crc32(pk.encode()), pk, sk


class DynamoDB:
    """All tables, and when each put was accepted."""

    def __init__(self) -> None:
        self.tables: defaultdict[str, Table] = defaultdict(Table)
        self.written: list[tuple[str, float]] = []  # sort keys, seconds since the epoch
        self._calls = {
            "PutItem": self._put_item,
            "BatchGetItem": self._batch_get_item,
            "Scan": self._scan,
        }

    def answer(self, request: Request) -> bytes:
        """Answer a request."""
        call = self._calls.get(request.headers["x-amz-target"].partition(".")[2], self._unknown)
        try:
            return response(200, call(json.loads(request.body)).encode(), TYPE)
        except Refused as error:
            return response(400, json.dumps(error.body).encode(), TYPE)

    def load(self, table: str, items: Iterable[Json]) -> None:
        """Keep items past the protocol."""
        self.tables[table].items.update((key_of(item), Stored(item)) for item in items)

    def _unknown(self, asked: Json) -> str:
        raise Refused("UnknownOperationException")

    def _put_item(self, asked: Json) -> str:
        table, new = self.tables[asked["TableName"]], Stored(asked["Item"])
        key = key_of(new.item)
        old = table.items.get(key)
        condition = asked.get("ConditionExpression")
        if condition and not _holds(condition, old.item if old else {}, asked):
            returned = asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old
            more = {"Item": old.item} if old and returned else {}
            raise Refused("ConditionalCheckFailedException", **more)
        if new.size > MAX_ITEM_BYTES:
            raise Refused("ValidationException")
        table.items[key] = new
        self.written.append((key[2], time.time()))
        if "ReturnConsumedCapacity" not in asked:
            return "{}"
        units = max(math.ceil(size / WRITE_UNIT) for size in (new.size, old.size if old else 0))
        return json.dumps({"ConsumedCapacity": _capacity(asked["TableName"], units)})

    def _batch_get_item(self, asked: Json) -> str:
        responses, unprocessed, capacities = [], {}, []
        left = BATCH_BYTES
        if sum(len(wanted["Keys"]) for wanted in asked["RequestItems"].values()) > BATCH_KEYS:
            raise Refused("ValidationException")
        for name, wanted in asked["RequestItems"].items():
            found, later, units = [], [], 0.0
            for attributes in wanted["Keys"]:
                stored = self.tables[name].items.get(key_of(attributes))
                size = stored.size if stored else 0
                if size > left:
                    later.append(attributes)
                    continue
                left -= size
                units += _read_units(size, wanted)
                if stored:
                    found.append(_shown(stored, wanted))
            responses.append(f"{json.dumps(name)}: [{', '.join(found)}]")
            if later:
                unprocessed[name] = {**wanted, "Keys": later}
            capacities.append(_capacity(name, units))
        return (
            f'{{"Responses": {{{", ".join(responses)}}}, "UnprocessedKeys":'
            f' {json.dumps(unprocessed)}, "ConsumedCapacity": {json.dumps(capacities)}}}'
        )

    def _scan(self, asked: Json) -> str:
        table = self.tables[asked["TableName"]]
        segment, segments = asked.get("Segment", 0), asked.get("TotalSegments", 1)
        order = table.order
        first = bisect_left(order, (HASHES * segment // segments, "", ""))
        end = bisect_left(order, (HASHES * (segment + 1) // segments, "", ""))
        if "ExclusiveStartKey" in asked:
            first = max(first, bisect_right(order, key_of(asked["ExclusiveStartKey"])))
        condition = asked.get("FilterExpression")
        if condition:
            _holds(condition, {}, asked)  # an error shows in an empty table, too
        limit, size, position, found = asked.get("Limit", end), 0, first, []
        while position < end and size < PAGE and position - first < limit:
            stored = table.items[order[position]]
            size += stored.size
            position += 1
            if not condition or _holds(condition, stored.item, asked):
                found.append(_shown(stored, asked))
        more: Json = {
            "Count": len(found),
            "ScannedCount": position - first,
            "ConsumedCapacity": _capacity(asked["TableName"], _read_units(size, asked)),
        }
        if position < end:
            _, pk, sk = order[position - 1]
            more["LastEvaluatedKey"] = {"pk": {"S": pk}, "sk": {"S": sk}}
        return f'{{"Items": [{", ".join(found)}], {json.dumps(more)[1:]}'


def _holds(expression: str, item: Json, asked: Json) -> bool:
    names = asked.get("ExpressionAttributeNames", {})
    try:
        return holds(expression, item, names, asked.get("ExpressionAttributeValues", {}))
    except (ValueError, KeyError):
        raise Refused("ValidationException") from None


def _shown(stored: Stored, asked: Json) -> str:
    """Return an item as JSON, or the part of it that the projection names."""
    if "ProjectionExpression" not in asked:
        return stored.text
    aliases = asked.get("ExpressionAttributeNames", {})
    words = asked["ProjectionExpression"].split(",")
    names = [aliases.get(word.strip(), word.strip()) for word in words]
    return json.dumps({name: stored.item[name] for name in names if name in stored.item})


def _read_units(size: int, asked: Json) -> float:
    units = max(math.ceil(size / READ_UNIT), 1)
    return units if asked.get("ConsistentRead") else units / 2


def _capacity(table: str, units: float) -> Json:
    return {"TableName": table, "CapacityUnits": units}
