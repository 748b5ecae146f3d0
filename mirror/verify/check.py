"""PostgreSQL ⇄ DynamoDB ⇄ S3: everything compared, in both directions, in flat memory.

The rows are walked in the order of their ids, with the items beside them in batches and the
listing of the bucket, which has the same order, alongside. A scan of the table then looks for
items that no row accounts for. Whatever looks wrong is examined again, alone and with consistent
reads, before it is called a finding.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connection
from django.db.models import TextField, Value
from django.db.models.functions import Cast, Collate, Concat

from mirror.batching import batched
from mirror.documents.document import Document
from mirror.documents.items import is_tombstone
from mirror.documents.registry import documents
from mirror.documents.render import render
from mirror.documents.rows import folders, rows
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.stores.s3 import Listed
from mirror.verify.compare import UNREADABLE, Expected, compare, examine
from mirror.verify.orphans import find_orphaned_items, find_orphaned_objects, row_id_of
from mirror.verify.report import EVERYTHING, Report, Scope

CHUNK = 50  # rows compared together
READ = 4  # rows in memory at a time: each may hold a transcript
PAGE = 1000  # ids read at a time
THREADS = 4  # they hide the latency of the stores


Progress = Callable[[int], object]


def check(stores: Stores, scope: Scope = EVERYTHING, progress: Progress = int) -> Report:
    """Compare PostgreSQL with both stores. Raises ``StoreError`` where one cannot be read.

    A sample leaves out the scan of the table: items of no row are looked for by a complete check
    only.
    """
    report = Report(complete=scope.complete)
    started, units = time.monotonic(), stores.items.read_units
    for document in documents():
        for part in _walk(document, stores, scope):
            report.add(part)
            progress(part.expected)
    if scope.complete:
        for page in stores.items.scan_keys():
            report.findings |= find_orphaned_items(page, stores)
    report.seconds = time.monotonic() - started
    report.read_units = stores.items.read_units - units
    return report


def count_rows() -> int:
    """Return how many rows there are to compare."""
    return sum(document.mirror_options.model._base_manager.count() for document in documents())


def _walk(document: type[Document], stores: Stores, scope: Scope) -> Iterator[Report]:
    """Compare every row, and every object in the folders of this document, part by part."""
    listings = [Listing(folder, stores, scope) for folder in folders(document)]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-check") as threads:
        running: deque[Future[Report]] = deque()
        try:
            for ids in batched(filter(scope.has, _ids(document)), CHUNK):
                listed = [each for listing in listings for each in listing.take_until(ids[-1])]
                running.append(
                    threads.submit(_in_thread, document, ids, listed, stores, deep=scope.deep)
                )
                if len(running) > THREADS:  # what is read ahead must not pile up
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            threads.shutdown(cancel_futures=True)
    for listing in listings:
        for rest in batched(listing.rest(), PAGE):
            yield Report(findings=find_orphaned_objects(document, rest, stores))


def _ids(document: type[Document]) -> Iterator[str]:
    """Yield the ids of all rows in the order in which S3 lists their folders."""
    text = Cast("pk", TextField())
    order = Collate(Concat(text, Value("/")), "C")
    rows = document.mirror_options.model._base_manager.order_by(order)
    yield from rows.values_list(text, flat=True).iterator(chunk_size=PAGE)


def _in_thread(
    document: type[Document],
    ids: Sequence[str],
    listed: Sequence[Listed],
    stores: Stores,
    *,
    deep: bool,
) -> Report:
    try:
        return _compare_chunk(document, ids, listed, stores, deep=deep)
    finally:
        connection.close()


def _compare_chunk(
    document: type[Document],
    ids: Sequence[str],
    listed: Sequence[Listed],
    stores: Stores,
    *,
    deep: bool,
) -> Report:
    """Compare some rows with their items and objects; examine what looks wrong."""
    label = document.mirror_options.label
    report = Report()
    by_id: dict[str, LedgerEntry] = {
        entry.object_id: entry
        for entry in LedgerEntry.objects.filter(model=label, object_id__in=ids)
    }
    expected = _expected(document, ids)
    items = stores.items.get_many([each.key for each in expected.values() if each])
    objects: dict[str, list[Listed]] = {}
    for each in listed:
        objects.setdefault(row_id_of(each.key), []).append(each)

    for object_id, wanted in expected.items():
        report.expected += 1
        entry, mine = by_id.get(object_id), objects.pop(object_id, [])
        if entry and entry.state == "pending":
            report.pending += 1
            continue
        item = items.get(wanted.key) if wanted else None
        if (
            wanted is None
            or item is None
            or is_tombstone(item)
            or any(compare(wanted, entry, item, mine, stores, deep=deep))
        ):
            verdict = examine(document, object_id, stores, deep=deep)
            report.findings.update(verdict.findings)
            report.pending += verdict.pending
            report.in_sync += not (verdict.findings or verdict.pending)
        else:
            report.in_sync += 1
    strays = [each for some in objects.values() for each in some]
    report.findings |= find_orphaned_objects(document, strays, stores)
    return report


def _expected(document: type[Document], ids: Sequence[str]) -> dict[str, Expected | None]:
    """Return what is expected of each row; None for one that cannot be read or mirrored."""
    try:
        return dict(_read(document, ids))
    except UNREADABLE:
        if len(ids) == 1:
            return {ids[0]: None}
        return {key: value for one in ids for key, value in _expected(document, [one]).items()}


def _read(document: type[Document], ids: Sequence[str]) -> Iterator[tuple[str, Expected]]:
    label = document.mirror_options.label
    for instance in rows(document, ids).iterator(chunk_size=READ):
        object_id = str(instance.pk)
        yield object_id, Expected.of(label, object_id, render(document, instance))


class Listing:
    """The objects of one top folder, in the order of their keys, taken piece by piece."""

    def __init__(self, folder: str, stores: Stores, scope: Scope) -> None:
        listed = stores.objects.list(f"{folder}/")
        self._objects = (each for each in listed if scope.has(row_id_of(each.key)))
        self._next = next(self._objects, None)

    def take_until(self, last_id: str) -> Iterator[Listed]:
        """Yield the objects of ids up to ``last_id``."""
        while self._next and row_id_of(self._next.key) + "/" <= last_id + "/":
            yield self._next
            self._next = next(self._objects, None)

    def rest(self) -> Iterator[Listed]:
        """Yield the objects that are left."""
        while self._next:
            yield self._next
            self._next = next(self._objects, None)
