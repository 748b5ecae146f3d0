"""The item as DynamoDB holds it: its fixed attributes, and what can be read off any item."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from mirror.documents.sizes import Value

Item = dict[str, Value]  # in DynamoDB's own notation: {"name": {"S": "…"}}

REVISION = "mirrorRevision"
EXPIRES = "expiresAt"
ENTITY = "__edb_e__"
VERSION = "__edb_v__"


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


def revision_of(item: Item) -> int:
    """Return the revision of ``item``, rounded up; 0 if it has none."""
    return math.ceil(Decimal(item.get(REVISION, {}).get("N", "0")))


def same_content(one: Item, other: Item) -> bool:
    """Whether two items say the same, however their numbers are written.

    Two tombstones do, whenever they expire.
    """
    if is_tombstone(one) and is_tombstone(other):
        return key_of(one) == key_of(other)
    return one.keys() == other.keys() and all(
        normalized(value) == normalized(other[name]) for name, value in one.items()
    )


def normalized(value: Any) -> Any:
    """Return a value of DynamoDB's in a form in which equal numbers are equal."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return kind, Decimal(content)
        case "M":
            return kind, {name: normalized(member) for name, member in content.items()}
        case "L":
            return kind, [normalized(member) for member in content]
        case _:
            return kind, content


def is_tombstone(item: Item) -> bool:
    """Whether ``item`` only says that there was an item under its key."""
    return item.keys() <= {"pk", "sk", REVISION, EXPIRES} and EXPIRES in item
