"""PostgreSQL ⇄ DynamoDB ⇄ S3: everything compared, in both directions, in flat memory.

The rows are walked in the order of their ids, with the items beside them in batches and the
listing of the bucket, which has the same order, alongside. A scan of the table then looks for
items that no row accounts for. Whatever looks wrong is examined again, alone and with consistent
reads, before it is called a finding.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from django.db.models import TextField, Value
from django.db.models.functions import Cast, Collate, Concat

from mirror.documents import ENTITY, Document, Item, Rendered, render
from mirror.errors import Unmirrorable
from mirror.examine import (
    KINDS,
    ORPHANED,
    TRANSCRIPT_ORPHANED,
    Finding,
    Subject,
    compare,
    examine,
    folders,
    rows,
)
from mirror.models import ItemKey, LedgerEntry
from mirror.registry import documents
from mirror.sinks import Listed, Sinks, is_tombstone, key_of

CHUNK = 50  # rows in memory at a time: a transcript may be large

PAGE = 1000  # ids read at a time

Progress = Callable[[int], object]
T = TypeVar("T")


@dataclass
class Report:
    """What a check found."""

    expected: int = 0
    in_sync: int = 0
    pending: int = 0
    findings: set[Finding] = field(default_factory=set)

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings of each kind."""
        found = Counter(finding.kind for finding in self.findings)
        return {kind: found[kind] for kind in KINDS}

    @property
    def parity_percent(self) -> float:
        """How much of all that exists anywhere is equal; 100 only if nothing at all differs.

        Cut, not rounded, to four digits. What is pending is not equal yet.
        """
        left_over = self.counts[ORPHANED] + self.counts[TRANSCRIPT_ORPHANED]
        total = self.expected + left_over
        if self.in_sync == total:
            return 100.0
        return math.floor(self.in_sync / total * 1_000_000) / 10_000

    def sorted_findings(self) -> list[Finding]:
        """Return the findings, those of one object together."""
        return sorted(
            self.findings, key=lambda f: (f.model, f.object_id, KINDS.index(f.kind), f.key_text)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the report for ``--json``."""
        return {
            "parity_percent": self.parity_percent,
            "expected": self.expected,
            "in_sync": self.in_sync,
            "pending": self.pending,
            "findings": [finding.as_dict() for finding in self.sorted_findings()],
            "counts": self.counts,
        }


def check(sinks: Sinks, progress: Progress = int) -> Report:
    """Compare everything. Raises ``SinkError`` where a store cannot be read."""
    report = Report()
    for document in documents():
        _walk(document, sinks, report, progress)
    for page in sinks.items.scan_keys():
        _look_for_strays(page, sinks, report)
    return report


def count_rows() -> int:
    """Return how many objects a check will compare."""
    return sum(document.mirror_options.model._base_manager.count() for document in documents())


def _walk(document: type[Document], sinks: Sinks, report: Report, progress: Progress) -> None:
    """Compare every row, and every object in the folders of this document."""
    listings = [Listing(folder, sinks) for folder in folders(document)]
    for ids in _chunks(_ids(document), CHUNK):
        listed = [each for listing in listings for each in listing.take_until(ids[-1])]
        _compare_chunk(document, ids, listed, sinks, report)
        progress(len(ids))
    for listing in listings:
        for rest in _chunks(listing.rest(), PAGE):
            _name_strays(document, rest, sinks, report)


def _ids(document: type[Document]) -> Iterator[str]:
    """Yield the ids of all rows in the order in which S3 lists their folders."""
    text = Cast("pk", TextField())
    order = Collate(Concat(text, Value("/")), "C")
    rows = document.mirror_options.model._base_manager.order_by(order)
    yield from rows.values_list(text, flat=True).iterator(chunk_size=PAGE)


def _compare_chunk(
    document: type[Document],
    ids: Sequence[str],
    listed: Sequence[Listed],
    sinks: Sinks,
    report: Report,
) -> None:
    """Compare some rows with their items and objects; examine what looks wrong."""
    label = document.mirror_options.label
    instances = {str(row.pk): row for row in rows(document, ids)}
    entries = {
        entry.object_id: entry
        for entry in LedgerEntry.objects.filter(model=label, object_id__in=ids)
    }
    rendered = {object_id: _try_to_render(document, row) for object_id, row in instances.items()}
    items = sinks.items.get_many([each.key for each in rendered.values() if each])
    objects: dict[str, list[Listed]] = {}
    for each in listed:
        objects.setdefault(owner_of(each.key), []).append(each)

    for object_id, shown in rendered.items():
        report.expected += 1
        entry, mine = entries.get(object_id), objects.pop(object_id, [])
        if entry and entry.state == "pending":
            report.pending += 1
            continue
        item = items.get(shown.key) if shown else None
        if (
            shown is None
            or item is None
            or is_tombstone(item)
            or any(compare(Subject(label, object_id, shown, entry), item, mine, sinks))
        ):
            verdict = examine(document, object_id, sinks)
            report.findings.update(verdict.findings)
            report.pending += verdict.pending
            report.in_sync += not (verdict.findings or verdict.pending)
        else:
            report.in_sync += 1
    _name_strays(document, [each for some in objects.values() for each in some], sinks, report)


def _try_to_render(document: type[Document], instance: Any) -> Rendered | None:
    try:
        return render(document, instance)
    except Unmirrorable:
        return None


def _name_strays(
    document: type[Document], listed: Sequence[Listed], sinks: Sinks, report: Report
) -> None:
    """Report objects that belong to no row, once for all documents that share their folder."""
    for each in listed:
        folder, object_id = each.key.partition("/")[0], owner_of(each.key)
        sharing = [other for other in documents() if folder in folders(other)]
        if sharing[0] is not document:
            continue
        labels = [other.mirror_options.label for other in sharing]
        owners = LedgerEntry.objects.filter(model__in=labels, object_id=object_id)
        if any(entry.state == "pending" for entry in owners):
            continue
        alive = any(rows(other, [object_id]).exists() for other in sharing)
        if not alive and any(found.key == each.key for found in sinks.objects.list(each.key)):
            label = owners[0].model if owners else labels[0]
            report.findings.add(Finding(TRANSCRIPT_ORPHANED, label, object_id, each.key))


def _look_for_strays(page: Sequence[Item], sinks: Sinks, report: Report) -> None:
    """Report the items of a page that no row accounts for.

    The walk has seen to it that every row has its item where the ledger says: what stands
    elsewhere, or belongs to no row, is examined.
    """
    by_entity = {document.mirror_options.entity: document for document in documents()}
    owned: dict[type[Document], dict[str, list[ItemKey]]] = {}
    for item in page:
        document = by_entity.get(item.get(ENTITY, {}).get("S", ""))
        object_id = item.get("id", {}).get("S", "")
        if document is None or not object_id:
            key = key_of(item)
            found = sinks.items.get_many([key], consistent=True).get(key)
            if found and not is_tombstone(found):
                report.findings.add(Finding(ORPHANED, "", " ".join(key), key))
            continue
        owned.setdefault(document, {}).setdefault(object_id, []).append(key_of(item))
    for document, keys in owned.items():
        entries = LedgerEntry.objects.filter(
            model=document.mirror_options.label, object_id__in=list(keys)
        )
        known = {entry.object_id: {ItemKey(*key) for key in entry.item_keys} for entry in entries}
        alive = {str(pk) for pk in rows(document, keys).values_list("pk", flat=True)}
        for object_id, seen in keys.items():
            if object_id not in alive or set(seen) - known.get(object_id, set()):
                report.findings.update(examine(document, object_id, sinks, seen).findings)


class Listing:
    """The objects of one top folder, in the order of their keys, taken piece by piece."""

    def __init__(self, folder: str, sinks: Sinks) -> None:
        self._objects = sinks.objects.list(f"{folder}/")
        self._next = next(self._objects, None)

    def take_until(self, last_id: str) -> Iterator[Listed]:
        """Yield the objects of ids up to ``last_id``."""
        while self._next and owner_of(self._next.key) + "/" <= last_id + "/":
            yield self._next
            self._next = next(self._objects, None)

    def rest(self) -> Iterator[Listed]:
        """Yield the objects that are left."""
        while self._next:
            yield self._next
            self._next = next(self._objects, None)


def owner_of(key: str) -> str:
    """Return the id of the object whose folder ``key`` lies in (``folder/<id>/…``)."""
    return key.partition("/")[2].partition("/")[0]


def _chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk
