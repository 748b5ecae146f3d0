"""The check: PostgreSQL compared with DynamoDB and S3, in both directions.

Memory grows neither with the number of rows nor with that of findings. Rows are walked in the
order of their ids. Their items are fetched in batches, and the listing of the bucket, which has the
same order, is walked alongside. A scan of the table then looks for items that no row accounts for.
Whatever looks wrong is examined again, alone and with consistent reads, before it becomes a
finding. Each part finds what no other part can find, so nothing is found twice.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import chain

from django.db import connection
from django.db.models import TextField, Value
from django.db.models.functions import Collate, Concat

from mirror.batching import batched
from mirror.documents.document import Document
from mirror.documents.ids import encode_id, encoded_id
from mirror.documents.items import Item, ItemKey, is_tombstone
from mirror.documents.registry import documents
from mirror.documents.render import render
from mirror.documents.rows import ID, all_rows, folders, rows, rows_with_ids, stream
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
from mirror.verify.report import EVERYTHING, Part, Report, Scope

CHUNK = 50  # rows compared together
FETCHED_ROWS = 4  # rows fetched at a time: each may hold a transcript
PAGE = 1000  # listed objects taken at a time
THREADS = 4  # they hide the latency of the stores

Progress = Callable[[int], object]
Work = Callable[[], Part]


def check(stores: Stores, scope: Scope = EVERYTHING, progress: Progress = int) -> Report:
    """Compare PostgreSQL with both stores; raises ``StoreError`` if one cannot be read.

    A sample leaves out the scan of the table, so only a complete check finds items that belong to
    no row. ``progress`` is called with the number of rows compared since its last call.
    """
    report = Report(complete=scope.complete)
    started, units = time.monotonic(), stores.items.read_units
    with ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-check") as threads:
        for part in _run(_work(stores, scope), threads):
            report.add(part)
            progress(part.expected)
    report.seconds = time.monotonic() - started
    report.read_units = stores.items.read_units - units
    return report


def count_rows() -> int:
    """Return how many rows a complete check compares."""
    return sum(all_rows(document.mirror_options.model).count() for document in documents())


def _run(work: Iterable[Work], threads: ThreadPoolExecutor) -> Iterator[Part]:
    """Do the work in threads, and yield what it came to, in its order."""
    running: deque[Future[Part]] = deque()
    try:
        for piece in work:
            running.append(threads.submit(_in_thread, piece))
            if len(running) > THREADS:  # keep only a few in memory
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)


def _in_thread(piece: Work) -> Part:
    try:
        return piece()
    finally:
        connection.close()


def _work(stores: Stores, scope: Scope) -> Iterator[Work]:
    """Yield all that is to be done, piece by piece."""
    for document in documents():
        yield from _walk(document, stores, scope)
    if scope.complete:
        for page in stores.items.scan_keys():
            yield partial(_examine_items, page, stores)


def _walk(document: type[Document], stores: Stores, scope: Scope) -> Iterator[Work]:
    """Compare every row, and every object in the folders of this document."""
    listings = [Listing(folder, stores, scope) for folder in folders(document)]
    ownerless: list[Listed] = []
    for ids in batched(filter(scope.includes, _ids(document)), CHUNK):
        own: dict[str, list[Listed]] = {object_id: [] for object_id in ids}
        for listed_object in chain.from_iterable(one.take_until(ids[-1]) for one in listings):
            own.get(row_id_of(listed_object.key), ownerless).append(listed_object)
            if len(ownerless) == PAGE:
                yield partial(_examine_objects, document, ownerless, stores)
                ownerless = []
        yield partial(_compare_chunk, document, own, stores, deep=scope.deep)
    rest = chain.from_iterable(listing.rest() for listing in listings)
    for page in batched(chain(ownerless, rest), PAGE):
        yield partial(_examine_objects, document, page, stores)


def _ids(document: type[Document]) -> Iterator[str]:
    """Return the ids of all rows in the order in which S3 lists their folders."""
    order = Collate(Concat(encoded_id(ID), Value("/"), output_field=TextField()), "C")
    ordered = rows_with_ids(document.mirror_options.model).order_by(order)
    return stream(ordered.values_list(ID, flat=True))


def _examine_objects(document: type[Document], listed: Sequence[Listed], stores: Stores) -> Part:
    return Part(findings=find_orphaned_objects(document, listed, stores))


def _examine_items(page: Sequence[Item], stores: Stores) -> Part:
    return Part(findings=find_orphaned_items(page, stores))


def _compare_chunk(
    document: type[Document],
    listed: Mapping[str, Sequence[Listed]],
    stores: Stores,
    *,
    deep: bool,
) -> Part:
    """Compare some rows with their items, and with their objects as listed by the rows' ids.

    What looks wrong is examined.
    """
    part, ids = Part(), list(listed)
    entries: dict[str, LedgerEntry] = {
        entry.object_id: entry
        for entry in LedgerEntry.objects.filter(
            model=document.mirror_options.label, object_id__in=ids
        )
    }
    expected_rows = _expected(document, ids)
    items = stores.items.get_many([row.key for row in expected_rows.values() if row])
    for object_id, expected in expected_rows.items():
        part.expected += 1
        entry = entries.get(object_id)
        if entry and entry.state == State.PENDING:
            part.pending += 1
        elif expected and _is_equal(
            expected, entry, items.get(expected.key), listed.get(object_id, ()), stores, deep=deep
        ):
            part.in_sync += 1
        else:
            part.add_examination(examine(document, object_id, stores, deep=deep))
    return part


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
    if entry and any(ItemKey(*key) != expected.key for key in entry.item_keys):
        return False  # a parked row may have several items
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
    for few in batched(ids, FETCHED_ROWS):
        for instance in rows(document, few):
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
