"""What the tests read from the stores themselves, past the code under test."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from mirror.stores.clients import Sinks
from mirror.sync import worker
from mirror.verify import check

_deserialize = TypeDeserializer().deserialize


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item as plain Python values, numbers as ints and floats."""
    value: dict[str, Any] = _numbers({name: _deserialize(v) for name, v in item.items()})
    return value


def _numbers(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_numbers(member) for member in value]
    return value


def all_items(sinks: Sinks) -> list[dict[str, Any]]:
    """Return every item of the table, tombstones included."""
    pages = sinks.items.client.get_paginator("scan").paginate(TableName=sinks.items.table)
    return [plain(item) for page in pages for item in page["Items"]]


def live_items(sinks: Sinks) -> list[dict[str, Any]]:
    """Return every item of the table that ElectroDB would show."""
    return [item for item in all_items(sinks) if "__edb_e__" in item]


def item_of(sinks: Sinks, object_id: Any) -> dict[str, Any]:
    """Return the one live item of an object."""
    (item,) = (item for item in live_items(sinks) if item["id"] == str(object_id))
    return item


def key_of(item: dict[str, Any]) -> dict[str, Any]:
    """Return the key of an item, as DynamoDB takes it."""
    return {"pk": {"S": item["pk"]}, "sk": {"S": item["sk"]}}


def stored_item(sinks: Sinks, object_id: Any) -> dict[str, Any]:
    """Return the one live item of an object, as DynamoDB holds it."""
    key = key_of(item_of(sinks, object_id))
    item: dict[str, Any] = sinks.items.client.get_item(TableName=sinks.items.table, Key=key)["Item"]
    return item


def objects(sinks: Sinks) -> dict[str, bytes]:
    """Return every object of the bucket."""
    keys = [listed.key for listed in sinks.objects.list("")]
    return {key: sinks.objects.get(key) or b"" for key in keys}


def transcript_of(sinks: Sinks, item: dict[str, Any]) -> dict[str, Any]:
    """Return the transcript that an item refers to."""
    body: dict[str, Any] = json.loads(objects(sinks)[item["transcriptStorageKey"]])
    return body


def assert_equal_after_sync(sinks: Sinks) -> None:
    """Drain, and require that nothing is owed and all three stores are equal."""
    drained = worker.sync()
    assert drained.complete, drained
    assert_equal(sinks)


def assert_equal(sinks: Sinks) -> None:
    """Require that all three stores are equal, with nothing left over."""
    report = check.check(sinks)
    assert not report.findings, report.findings
    assert report.parity_percent == 100
    assert report.in_sync == report.expected == len(live_items(sinks))
    referenced = {
        value
        for item in live_items(sinks)
        for name, value in item.items()
        if name.endswith("StorageKey") and name != "audioStorageKey"
    }
    assert set(objects(sinks)) == referenced
