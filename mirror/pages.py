"""Whole items, page after page: scans and queries that the engine never needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mirror.documents import ENTITY, Item
from mirror.sinks import DYNAMODB, ItemSink, sorted_errors


def scan(sink: ItemSink, entity: str) -> Iterator[list[Item]]:
    """Yield every item of ``entity``, whole, a page at a time. Tombstones have no entity."""
    arguments = {
        "FilterExpression": "#e = :entity",
        "ExpressionAttributeNames": {"#e": ENTITY},
        "ExpressionAttributeValues": {":entity": {"S": entity}},
    }
    yield from _pages(sink, sink.client.scan, arguments)


def query(sink: ItemSink, arguments: dict[str, Any]) -> Iterator[list[Item]]:
    """Yield what ``Query`` finds, a page at a time."""
    yield from _pages(sink, sink.client.query, arguments)


def _pages(sink: ItemSink, call: Any, arguments: dict[str, Any]) -> Iterator[list[Item]]:
    start: dict[str, Any] = {}
    while True:
        with sorted_errors(DYNAMODB):
            page = call(TableName=sink.table, **arguments, **start)
            items = page["Items"]
        yield items
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
