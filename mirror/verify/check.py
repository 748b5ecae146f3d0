"""The check: PostgreSQL compared with DynamoDB and S3, in both directions.

Memory does not grow with the number of rows. Rows are walked in the order of their ids. Their
items are fetched in batches, and the listing of the bucket, which has the same order, is walked
alongside. A scan of the table then looks for items that no row accounts for. Whatever looks wrong
is examined again, alone and with consistent reads, before it becomes a finding.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

from django.db import connection
from django.db.models import TextField, Value
from django.db.models.functions import Collate, Concat

from mirror.batching import batched
from mirror.documents.document import Document
from mirror.documents.ids import encode_id, encoded_id
from mirror.documents.items import Item, is_tombstone
from mirror.documents.registry import documents
from mirror.documents.render import render
from mirror.documents.rows import ID, all_rows, folders, rows, rows_with_ids
from mirror.models import LedgerEntry, State
from mirror.stores.clients import Stores
from mirror.stores.s3 import Listed
from mirror.verify.compare import Expected, UnreadableRow, compare, examine, row_errors
from mirror.verify.orphans import (
    find_orphaned_items,
    find_orphaned_objects,
    row_folder_of,
    row_id_of,
)
from mirror.verify.report import EVERYTHING, Report, Scope

CHUNK = 50  # rows compared together
FETCHED_ROWS = 4  # rows fetched at a time: each may hold a transcript
PAGE = 1000  # ids, or listed objects, taken at a time
THREADS = 4  # they hide the latency of the stores

Progress = Callable[[int], object]


def check(stores: Stores, scope: Scope = EVERYTHING, progress: Progress = int) -> Report:
    """Compare PostgreSQL with both stores; raises ``StoreError`` if one cannot be read.

    A sample leaves out the scan of the table, so only a complete check finds items that belong to
    no row. ``progress`` is called with the number of rows compared since its last call.
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
    """Return how many rows a complete check compares."""
    return sum(all_rows(document.mirror_options.model).count() for document in documents())


def _walk(document: type[Document], stores: Stores, scope: Scope) -> Iterator[Report]:
    """Compare every row, and every object in the folders of this document, part by part."""
    listings = [Listing(folder, stores, scope) for folder in folders(document)]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-check") as threads:
        running: deque[Future[Report]] = deque()
        try:
            for ids in batched(filter(scope.includes, _ids(document)), CHUNK):
                listed = [found for listing in listings for found in listing.take_until(ids[-1])]
                running.append(
                    threads.submit(_in_thread, document, ids, listed, stores, deep=scope.deep)
                )
                if len(running) > THREADS:  # keep only a few chunks in memory
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            threads.shutdown(cancel_futures=True)
    for listing in listings:
        for remaining in batched(listing.rest(), PAGE):
            yield Report(findings=find_orphaned_objects(document, remaining, stores))


def _ids(document: type[Document]) -> Iterator[str]:
    """Yield the ids of all rows in the order in which S3 lists their folders."""
    order = Collate(Concat(encoded_id(ID), Value("/"), output_field=TextField()), "C")
    ordered = rows_with_ids(document.mirror_options.model).order_by(order)
    yield from ordered.values_list(ID, flat=True).iterator(chunk_size=PAGE)


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
    report = Report()
    entries: dict[str, LedgerEntry] = {
        entry.object_id: entry
        for entry in LedgerEntry.objects.filter(
            model=document.mirror_options.label, object_id__in=ids
        )
    }
    expected_rows = _expected(document, ids)
    items = stores.items.get_many([row.key for row in expected_rows.values() if row])
    objects = _by_row_id(listed)
    for object_id, expected in expected_rows.items():
        report.expected += 1
        entry, own_objects = entries.get(object_id), objects.pop(object_id, [])
        if entry and entry.state == State.PENDING:
            report.pending += 1
        elif expected and _is_equal(
            expected, entry, items.get(expected.key), own_objects, stores, deep=deep
        ):
            report.in_sync += 1
        else:
            report.add_examination(examine(document, object_id, stores, deep=deep))
    ownerless = list(chain.from_iterable(objects.values()))
    report.findings |= find_orphaned_objects(document, ownerless, stores)
    return report


def _by_row_id(listed: Iterable[Listed]) -> dict[str, list[Listed]]:
    """Return the objects by the id of the row whose folder they lie in."""
    objects: dict[str, list[Listed]] = {}
    for listed_object in listed:
        objects.setdefault(row_id_of(listed_object.key), []).append(listed_object)
    return objects


def _is_equal(
    expected: Expected,
    entry: LedgerEntry | None,
    item: Item | None,
    listed: Sequence[Listed],
    stores: Stores,
    *,
    deep: bool,
) -> bool:
    """Whether the item, as read in a batch, and the listed objects are what is expected."""
    if item is None or is_tombstone(item):
        return False
    return not any(compare(expected, entry, item, listed, stores, deep=deep))


def _expected(document: type[Document], ids: Sequence[str]) -> dict[str, Expected | None]:
    """Return what is expected of each row; None for one that cannot be read or mirrored."""
    try:
        with row_errors():
            return dict(_read(document, ids))
    except UnreadableRow:
        if len(ids) == 1:
            return {ids[0]: None}
        # Read them one by one, so that one bad row does not hide the others.
        expected_rows: dict[str, Expected | None] = {}
        for object_id in ids:
            expected_rows |= _expected(document, [object_id])
        return expected_rows


def _read(document: type[Document], ids: Sequence[str]) -> Iterator[tuple[str, Expected]]:
    label = document.mirror_options.label
    for instance in rows(document, ids).iterator(chunk_size=FETCHED_ROWS):
        object_id = str(instance.pk)
        yield object_id, Expected.of(label, object_id, render(document, instance))


class Listing:
    """The objects of one top folder, in the order of their keys, taken piece by piece."""

    def __init__(self, folder: str, stores: Stores, scope: Scope) -> None:
        listed = stores.objects.list(f"{folder}/")
        self._objects = (found for found in listed if scope.includes(row_id_of(found.key)))
        self._next = next(self._objects, None)

    def take_until(self, last_id: str) -> Iterator[Listed]:
        """Yield the objects of the rows up to ``last_id``."""
        while self._next and row_folder_of(self._next.key) + "/" <= encode_id(last_id) + "/":
            yield self._next
            self._next = next(self._objects, None)

    def rest(self) -> Iterator[Listed]:
        """Yield the objects that are left."""
        while self._next:
            yield self._next
            self._next = next(self._objects, None)
