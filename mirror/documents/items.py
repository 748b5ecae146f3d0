"""The item as DynamoDB holds it: its fixed attributes, and what can be read off any item."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from typing import Any, NamedTuple

from mirror.documents.sizes import Value

Item = dict[str, Value]  # in DynamoDB's own notation: {"name": {"S": "…"}}

REVISION = "mirrorRevision"
EXPIRES = "expiresAt"
ENTITY = "__edb_e__"
VERSION = "__edb_v__"

_EXACT = Context(prec=60)  # DynamoDB's numbers have 38 digits at most


class ItemKey(NamedTuple):
    """The primary key of an item."""

    pk: str
    sk: str


@dataclass(frozen=True)
class KeyPrefix:
    """Where items lie together: a whole partition key, and the beginning of the sort key.

    ``index`` names the index whose keys these are (``gsi1`` has ``gsi1pk`` and ``gsi1sk``); empty,
    they are the table's own.
    """

    pk: str
    sk: str
    index: str = ""


def key_of(item: Item) -> ItemKey:
    """Return the primary key of ``item``."""
    return ItemKey(item["pk"]["S"], item["sk"]["S"])


def partition_of(item: Item) -> str:
    """Return the key that DynamoDB throttles ``item`` by: the index's, which is the wider one."""
    return str(item.get("gsi1pk", item["pk"])["S"])


def revision_of(item: Item) -> int:
    """Return the revision of ``item``, rounded up; 0 if it has none."""
    return math.ceil(Decimal(item.get(REVISION, {}).get("N", "0")))


def tombstone(key: ItemKey, revision: int, expires_at: datetime) -> Item:
    """Return what says that there was an item under ``key``; the table's TTL removes it."""
    return {
        "pk": {"S": key.pk},
        "sk": {"S": key.sk},
        REVISION: {"N": str(revision)},
        EXPIRES: {"N": str(int(expires_at.timestamp()))},
    }


def fingerprint(item: Item) -> str:
    """Return a text that only items of the same revision and the same content have in common.

    It does not depend on how numbers are written, nor on when a tombstone expires.
    """
    said = {name: normalized(value) for name, value in item.items() if name != EXPIRES}
    text = json.dumps(said, sort_keys=True)
    return f"{revision_of(item)}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def normalized(value: Any) -> Any:
    """Return a value of DynamoDB's in a form in which equal numbers are equal."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return kind, str(_EXACT.normalize(_EXACT.plus(Decimal(content))))
        case "M":
            return kind, {name: normalized(member) for name, member in content.items()}
        case "L":
            return kind, [normalized(member) for member in content]
        case _:
            return kind, content


def is_tombstone(item: Item) -> bool:
    """Whether ``item`` only says that there was an item under its key."""
    return item.keys() <= {"pk", "sk", REVISION, EXPIRES} and EXPIRES in item
