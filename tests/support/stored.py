"""Reads what the stores hold, without the code under test, and asserts that all is equal."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check

_deserialize = TypeDeserializer().deserialize


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item as plain Python values, with ints and floats for numbers."""
    deserialized = {name: _deserialize(value) for name, value in item.items()}
    with_numbers: dict[str, Any] = _without_decimals(deserialized)
    return with_numbers


def _without_decimals(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _without_decimals(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_without_decimals(member) for member in value]
    return value


def all_items(stores: Stores) -> list[dict[str, Any]]:
    """Return every item of the table, tombstones included."""
    pages = stores.items.client.get_paginator("scan").paginate(TableName=stores.items.table)
    return [plain(item) for page in pages for item in page["Items"]]


def live_items(stores: Stores) -> list[dict[str, Any]]:
    """Return every item of the table but tombstones: those that ElectroDB shows."""
    return [item for item in all_items(stores) if "__edb_e__" in item]


def item_of(stores: Stores, object_id: Any) -> dict[str, Any]:
    """Return the only live item of a row."""
    (item,) = (item for item in live_items(stores) if item["id"] == str(object_id))
    return item


def key_of(item: dict[str, Any]) -> dict[str, Any]:
    """Return the key of an item in the format of DynamoDB."""
    return {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}


def stored_item(stores: Stores, object_id: Any) -> dict[str, Any]:
    """Return the only live item of a row, in the format of DynamoDB."""
    key = key_of(item_of(stores, object_id))
    item: dict[str, Any] = stores.items.client.get_item(TableName=stores.items.table, Key=key)[
        "Item"
    ]
    return item


def objects(stores: Stores) -> dict[str, bytes]:
    """Return every object of the bucket: its key and its content."""
    keys = [listed.key for listed in stores.objects.list("")]
    return {key: stores.objects.get(key) or b"" for key in keys}


def transcript_of(stores: Stores, item: dict[str, Any]) -> dict[str, Any]:
    """Return the transcript that an item refers to."""
    body: dict[str, Any] = json.loads(objects(stores)[item["transcriptStorageKey"]])
    return body


def assert_equal_after_sync(stores: Stores) -> None:
    """Drain, and require that nothing is owed and that PostgreSQL and both stores are equal."""
    drained = worker.drain()
    assert drained.complete, drained
    assert_equal(stores)


def assert_equal(stores: Stores) -> None:
    """Require that PostgreSQL and both stores are equal, without orphans."""
    report = check.check(stores)
    assert not report.findings, report.findings
    assert report.parity_percent == 100
    assert report.in_sync == report.expected == len(live_items(stores))
    referenced = {
        value
        for item in live_items(stores)
        for name, value in item.items()
        if name.endswith("StorageKey") and name != "audioStorageKey"
    }
    assert set(objects(stores)) == referenced
