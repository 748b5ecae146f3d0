"""The item as DynamoDB holds it: its fixed attributes, and what can be read off any item."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection
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
class Known:
    """What the ledger knows to be older under one key, and so may be overwritten there.

    That is any revision up to ``mirrored``, a tombstone up to ``buried``, and the items whose
    fingerprints are in ``attempted``: what attempts that never heard the answer may have written,
    or what somebody has looked at and wants to be overwritten.
    """

    mirrored: int = 0
    buried: int = 0
    attempted: Collection[str] = ()

    def has(self, item: Item) -> bool:
        """Whether ``item`` is known."""
        limit = self.buried if is_tombstone(item) else self.mirrored
        return revision_of(item) <= limit or fingerprint(item) in self.attempted


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
    ignored = {EXPIRES} if is_tombstone(item) else set()
    said = {name: normalized(value) for name, value in item.items() if name not in ignored}
    text = json.dumps(said, sort_keys=True, default=bytes.hex)
    return f"{revision_of(item)}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def normalized(value: Any) -> Any:
    """Return a value of DynamoDB's in a form in which equal numbers are equal."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "N":
            content = _number(content)
        case "NS":
            content = sorted(map(_number, content))
        case "SS" | "BS":
            content = sorted(content)
        case "M":
            content = {name: normalized(member) for name, member in content.items()}
        case "L":
            content = [normalized(member) for member in content]
    return kind, content


def _number(text: str) -> str:
    """Return the one text for all ways to write a number."""
    return str(_EXACT.normalize(_EXACT.plus(Decimal(text))))


def is_tombstone(item: Item) -> bool:
    """Whether ``item`` only says that there was an item under its key."""
    return item.keys() <= {"pk", "sk", REVISION, EXPIRES} and EXPIRES in item
