"""Hands that change what stands in the stores, past the mirror, and what a check calls each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mirror.stores.clients import Sinks
from tests.stores import key_of, stored_item

Tamper = Callable[[Sinks, dict[str, Any]], None]


def delete_item(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.items.client.delete_item(TableName=sinks.items.table, Key=key_of(item))


def set_attribute(sinks: Sinks, item: dict[str, Any], name: str, value: dict[str, Any]) -> None:
    sinks.items.client.update_item(
        TableName=sinks.items.table,
        Key=key_of(item),
        UpdateExpression="SET #n = :v",
        ExpressionAttributeNames={"#n": name},
        ExpressionAttributeValues={":v": value},
    )


def remove_attribute(sinks: Sinks, item: dict[str, Any], name: str) -> None:
    sinks.items.client.update_item(
        TableName=sinks.items.table,
        Key=key_of(item),
        UpdateExpression="REMOVE #n",
        ExpressionAttributeNames={"#n": name},
    )


def put_stray_item(sinks: Sinks, item: dict[str, Any]) -> None:
    stray = stored_item(sinks, item["id"]) | {"pk": {"S": "camp#elsewhere"}}
    sinks.items.client.put_item(TableName=sinks.items.table, Item=stray)


def put_foreign_item(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.items.client.put_item(
        TableName=sinks.items.table, Item={"pk": {"S": "what"}, "sk": {"S": "is this"}}
    )


def delete_object(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.objects.delete(item["transcriptStorageKey"])


def change_object(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.objects.put(item["transcriptStorageKey"], b'{"tampered":1}')


def stray_object(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.objects.put(f"transcripts/{item['id']}/1-0.json", b"{}")


def object_of_nobody(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.objects.put("transcripts/00000000-0000-4000-8000-000000000000/1-0.json", b"{}")


def oddly_named_object(sinks: Sinks, item: dict[str, Any]) -> None:
    sinks.objects.put("texts/odd", b"{}")


def changed(name: str, value: dict[str, Any]) -> Tamper:
    return lambda sinks, item: set_attribute(sinks, item, name, value)


def removed(name: str) -> Tamper:
    return lambda sinks, item: remove_attribute(sinks, item, name)


TAMPERINGS: dict[str, tuple[Tamper, str, list[str]]] = {
    "item deleted": (delete_item, "missing", []),
    "name changed": (changed("name", {"S": "x"}), "stale", ["name"]),
    "notes removed": (removed("notes"), "stale", ["notes"]),
    "attribute added": (changed("extra", {"S": "x"}), "stale", ["extra"]),
    "type changed": (changed("userId", {"N": "7"}), "stale", ["userId"]),
    "number in a map changed": (
        changed("metrics", {"M": {"a": {"N": "2"}}}),
        "stale",
        ["metrics"],
    ),
    "time changed": (
        changed("createdAt", {"S": "2020-01-01T00:00:00.000Z"}),
        "stale",
        ["createdAt"],
    ),
    "entity changed": (changed("__edb_v__", {"S": "2"}), "stale", ["__edb_v__"]),
    "index key changed": (changed("gsi1pk", {"S": "user#0"}), "stale", ["gsi1pk"]),
    "revision lowered": (changed("mirrorRevision", {"N": "0"}), "stale", ["mirrorRevision"]),
    "revision raised": (changed("mirrorRevision", {"N": "99"}), "stale", ["mirrorRevision"]),
    "revision made a text": (changed("mirrorRevision", {"S": "x"}), "stale", ["mirrorRevision"]),
    "reference changed": (
        changed("transcriptStorageKey", {"S": "transcripts/other"}),
        "stale",
        ["transcriptStorageKey"],
    ),
    "reference removed": (removed("transcriptStorageKey"), "stale", ["transcriptStorageKey"]),
    "item copied elsewhere": (put_stray_item, "orphaned", []),
    "foreign item": (put_foreign_item, "orphaned", []),
    "object deleted": (delete_object, "transcript_missing", ["transcriptStorageKey"]),
    "object changed": (change_object, "transcript_stale", ["transcriptStorageKey"]),
    "stray object": (stray_object, "transcript_orphaned", []),
    "object of nobody": (object_of_nobody, "transcript_orphaned", []),
    "oddly named object": (oddly_named_object, "transcript_orphaned", []),
}
