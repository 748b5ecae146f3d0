"""The item as DynamoDB holds it, and what can be read off one."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NamedTuple

from mirror.documents.sizes import Value

Item = dict[str, Value]


REVISION = "mirrorRevision"


EXPIRES = "expiresAt"


ENTITY = "__edb_e__"


VERSION = "__edb_v__"


class ItemKey(NamedTuple):
    """The primary key of an item."""

    pk: str
    sk: str


def key_of(item: Item) -> ItemKey:
    """Return the primary key of ``item``."""
    return ItemKey(item["pk"]["S"], item["sk"]["S"])


def revision_of(item: Item) -> int:
    """Return the revision of ``item``, rounded up; 0 where it has none."""
    return math.ceil(Decimal(item.get(REVISION, {}).get("N", "0")))


def is_tombstone(item: Item) -> bool:
    """Whether ``item`` only says that something was there."""
    return item.keys() <= {"pk", "sk", REVISION, EXPIRES} and EXPIRES in item
