"""The kinds of differences between PostgreSQL and the stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import islice
from typing import Any

from mirror.documents.items import ItemKey
from mirror.formats import number
from mirror.spool import Spool

MISSING = "missing"
STALE = "stale"
ORPHANED = "orphaned"
OBJECT_MISSING = "object_missing"
OBJECT_STALE = "object_stale"
OBJECT_ORPHANED = "object_orphaned"
MEANINGS = {
    MISSING: "The row has no item: it was never mirrored, or somebody deleted the item.",
    STALE: "The item differs from its row in the attributes that are named.",
    ORPHANED: "The item belongs to no row, or lies under a key that is not its row’s.",
    OBJECT_MISSING: "A body of the row, such as a transcript, has no S3 object.",
    OBJECT_STALE: "The S3 object differs from the body in PostgreSQL.",
    OBJECT_ORPHANED: "No item refers to the S3 object.",
}
KINDS = tuple(MEANINGS)
ORPHAN_KINDS = frozenset({ORPHANED, OBJECT_ORPHANED})


@dataclass(frozen=True)
class Finding:
    """One difference. ``key`` is the primary key of an item, or the key of an S3 object."""

    kind: str
    model: str
    object_id: str
    key: ItemKey | str
    attributes: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Sequence[Any]) -> Finding:
        """Return the finding whose fields JSON has held."""
        kind, model, object_id, key, attributes = values
        found_at = key if isinstance(key, str) else ItemKey(*key)
        return cls(kind, model, object_id, found_at, tuple(attributes))

    @property
    def key_text(self) -> str:
        """The key as one text; that of an item as ``pk sk``."""
        return self.key if isinstance(self.key, str) else " ".join(self.key)

    def sort_key(self) -> tuple[str, str, int, str]:
        """Return what sorts the findings of one row together."""
        return self.model, self.object_id, KINDS.index(self.kind), self.key_text

    def as_dict(self) -> dict[str, Any]:
        """Return the finding for ``--json``."""
        return asdict(self) | {"key": self.key_text, "attributes": list(self.attributes)}


class Findings:
    """What a check has found, in that order. There may be millions: they are not kept in memory."""

    def __init__(self) -> None:
        self._spool = Spool()
        self._counts = Counter[str]()

    def add(self, finding: Finding) -> None:
        """Add one finding."""
        self._counts[finding.kind] += 1
        self._spool.add(astuple(finding))

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add several findings."""
        for finding in findings:
            self.add(finding)

    def __repr__(self) -> str:
        return f"<{len(self)} findings: {list(islice(self, 3))}>"

    def __len__(self) -> int:
        return len(self._spool)

    def __iter__(self) -> Iterator[Finding]:
        yield from map(Finding.of, self._spool)

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings of each kind."""
        return {kind: self._counts[kind] for kind in KINDS}

    def some_of_each_kind(self, most: int) -> Iterator[Finding]:
        """Yield up to ``most`` of them, in their order, so that no kind hides another."""
        left = _shares(self._counts, most)
        for finding in self:
            if not left.total():
                return
            if left[finding.kind]:
                left[finding.kind] -= 1
                yield finding


def _shares(counts: Counter[str], most: int) -> Counter[str]:
    """Divide ``most`` among the kinds; what a kind has too few findings for goes to the others."""
    shares = Counter[str]()
    for others, (kind, count) in reversed(list(enumerate(counts.most_common()))):
        shares[kind] = min(count, (most - shares.total()) // (others + 1))
    return shares


def by_kind(counts: Mapping[str, int]) -> str:
    """Name the kinds of differences, with their numbers: ``2 stale, 1 missing``."""
    return ", ".join(f"{number(count)} {kind}" for kind, count in counts.items() if count)
