"""The kinds of differences between PostgreSQL and the stores."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mirror.documents.items import ItemKey

MISSING = "missing"


STALE = "stale"


ORPHANED = "orphaned"


TRANSCRIPT_MISSING = "transcript_missing"


TRANSCRIPT_STALE = "transcript_stale"


TRANSCRIPT_ORPHANED = "transcript_orphaned"


KINDS = (MISSING, STALE, ORPHANED, TRANSCRIPT_MISSING, TRANSCRIPT_STALE, TRANSCRIPT_ORPHANED)


@dataclass(frozen=True)
class Finding:
    """One difference. ``key`` is the item's primary key or the object's key."""

    kind: str
    model: str
    object_id: str
    key: ItemKey | str
    attributes: tuple[str, ...] = ()

    @property
    def key_text(self) -> str:
        """The key in one piece: an item's as ``pk sk``."""
        return self.key if isinstance(self.key, str) else " ".join(self.key)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding for ``--json``."""
        return asdict(self) | {"key": self.key_text, "attributes": list(self.attributes)}
