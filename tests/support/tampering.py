"""Changes the stores, or PostgreSQL, behind the mirror's back, and names the findings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from mirror.stores.clients import Stores
from tests.support.stored import key_of, stored_item

Tamper = Callable[[Stores, dict[str, Any]], None]


def delete_item(stores: Stores, item: dict[str, Any]) -> None:
    stores.items.client.delete_item(TableName=stores.items.table, Key=key_of(item))


def set_attribute(stores: Stores, item: dict[str, Any], name: str, value: dict[str, Any]) -> None:
    stores.items.client.update_item(
        TableName=stores.items.table,
        Key=key_of(item),
        UpdateExpression="SET #n = :v",
        ExpressionAttributeNames={"#n": name},
        ExpressionAttributeValues={":v": value},
    )


def remove_attribute(stores: Stores, item: dict[str, Any], name: str) -> None:
    stores.items.client.update_item(
        TableName=stores.items.table,
        Key=key_of(item),
        UpdateExpression="REMOVE #n",
        ExpressionAttributeNames={"#n": name},
    )


def lose_unnoticed(statement: str, parameters: list[Any]) -> None:
    """Run a statement in PostgreSQL past all triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, parameters)
        cursor.execute("SET session_replication_role = DEFAULT")


def put_copy_of_item(stores: Stores, item: dict[str, Any]) -> None:
    copy = stored_item(stores, item["id"]) | {"pk": {"S": "camp#elsewhere"}}
    stores.items.client.put_item(TableName=stores.items.table, Item=copy)


def put_foreign_item(stores: Stores, item: dict[str, Any]) -> None:
    foreign = {"pk": {"S": "not written"}, "sk": {"S": "by the mirror"}}
    stores.items.client.put_item(TableName=stores.items.table, Item=foreign)


def delete_object(stores: Stores, item: dict[str, Any]) -> None:
    stores.objects.delete(item["transcriptStorageKey"])


def change_object(stores: Stores, item: dict[str, Any]) -> None:
    stores.objects.put(item["transcriptStorageKey"], b'{"tampered":1}')


def put_orphaned_object(stores: Stores, item: dict[str, Any]) -> None:
    stores.objects.put(f"transcripts/{item['id']}/1-0.json", b"{}")


def put_object_without_row(stores: Stores, item: dict[str, Any]) -> None:
    stores.objects.put("transcripts/00000000-0000-4000-8000-000000000000/1-0.json", b"{}")


def put_object_with_odd_key(stores: Stores, item: dict[str, Any]) -> None:
    stores.objects.put("texts/odd", b"{}")


def changed(name: str, value: dict[str, Any]) -> Tamper:
    return lambda stores, item: set_attribute(stores, item, name, value)


def removed(name: str) -> Tamper:
    return lambda stores, item: remove_attribute(stores, item, name)


# Each change with the kind of its finding and the attributes that the finding lists.
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
    "item copied elsewhere": (put_copy_of_item, "orphaned", []),
    "foreign item": (put_foreign_item, "orphaned", []),
    "object deleted": (delete_object, "object_missing", ["transcriptStorageKey"]),
    "object changed": (change_object, "object_stale", ["transcriptStorageKey"]),
    "orphaned object": (put_orphaned_object, "object_orphaned", []),
    "object without a row": (put_object_without_row, "object_orphaned", []),
    "object with an odd key": (put_object_with_odd_key, "object_orphaned", []),
}
