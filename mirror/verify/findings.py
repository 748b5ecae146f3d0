"""The kinds of differences between PostgreSQL and the stores."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mirror.documents.items import ItemKey

MISSING = "missing"  # a row has no item
STALE = "stale"  # an item differs from its row
ORPHANED = "orphaned"  # an item belongs to no row, or lies under a key that is not its row's
OBJECT_MISSING = "object_missing"  # a body has no S3 object
OBJECT_STALE = "object_stale"  # an S3 object differs from the body in PostgreSQL
OBJECT_ORPHANED = "object_orphaned"  # no item refers to an S3 object
KINDS = (MISSING, STALE, ORPHANED, OBJECT_MISSING, OBJECT_STALE, OBJECT_ORPHANED)
ORPHAN_KINDS = frozenset({ORPHANED, OBJECT_ORPHANED})


@dataclass(frozen=True)
class Finding:
    """One difference. ``key`` is the primary key of an item, or the key of an S3 object."""

    kind: str
    model: str
    object_id: str
    key: ItemKey | str
    attributes: tuple[str, ...] = ()

    @property
    def key_text(self) -> str:
        """The key as one text; that of an item as ``pk sk``."""
        return self.key if isinstance(self.key, str) else " ".join(self.key)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding for ``--json``."""
        return asdict(self) | {"key": self.key_text, "attributes": list(self.attributes)}
