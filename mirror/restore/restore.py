"""The restore: rows in the mirror compared with PostgreSQL, and inserted if they are missing there.

Memory does not grow with the number of rows. An inventory notes which rows the mirror holds. Then
the items are read page by page, starting with the models that others refer to. Whatever differs is
examined again, alone and with consistent reads, before it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from graphlib import TopologicalSorter

from django.db import models

from mirror.batching import batched
from mirror.documents.document import Document
from mirror.documents.items import is_tombstone
from mirror.documents.registry import documents
from mirror.documents.render import render
from mirror.documents.rows import rows
from mirror.errors import Unmirrorable
from mirror.models import LedgerEntry, State
from mirror.restore.counts import RestoreCounts
from mirror.restore.insert import advance_sequences, insert, missing_reference
from mirror.restore.inventory import Inventory, open_inventory
from mirror.restore.reader import Reading, read
from mirror.stores.clients import Stores

CHUNK = 16  # rows in memory at a time, with their transcripts
THREADS = 8  # they hide the latency of S3

Progress = Callable[[int], object]


def restore(
    stores: Stores,
    *,
    apply: bool,
    begin: Progress = int,
    progress: Progress = int,
) -> list[RestoreCounts]:
    """Compare all that the mirror holds with PostgreSQL; with ``apply`` insert what is missing.

    ``begin`` is called with the number of items, ``progress`` with the number read since its last
    call. Raises ``StoreError`` if a store cannot be read. After an interruption, run it again:
    what was restored before is found equal.
    """
    with open_inventory() as inventory:
        begin(inventory.note(stores))
        tallies = []
        for document in documents_in_order():
            walk = Walk(document, stores, inventory, apply=apply)
            walk.run(progress)
            tallies.append(walk.tally)
        return tallies


def documents_in_order() -> list[type[Document]]:
    """Return the documents, each after those whose models its own model refers to."""
    by_model = {document.mirror_options.model: document for document in documents()}
    graph = {
        document: {
            by_model[f.related_model]
            for f in model._meta.concrete_fields
            if f.related_model in by_model and f.related_model is not model
        }
        for model, document in by_model.items()
    }
    return list(TopologicalSorter(graph).static_order())


class Walk:
    """One pass over all rows of one document, in the mirror and in PostgreSQL."""

    def __init__(
        self, document: type[Document], stores: Stores, inventory: Inventory, *, apply: bool
    ) -> None:
        self.document = document
        self.label = document.mirror_options.label
        self.stores = stores
        self.inventory = inventory
        self.apply = apply
        self.tally = RestoreCounts(self.label)
        self.read = partial(read, document, fetch=stores.objects.get)

    def run(self, progress: Progress) -> None:
        """Compare every item with its row, then look at every row that has no item."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-read") as threads:
            for page in self.stores.items.scan_entity(self.document.mirror_options.entity):
                for items in batched(page, CHUNK):
                    self._compare(list(threads.map(self.read, items)))
                    progress(len(items))
        for ids in batched(self.inventory.rows_without_item(self.document), CHUNK):
            self._count_rows_without_item(ids)
        if self.apply and self.tally.restored:
            advance_sequences(self.document.mirror_options.model)

    def _compare(self, readings: Sequence[Reading]) -> None:
        ids = [reading.object_id for reading in readings]
        newest = self.inventory.revisions(self.label, ids)
        present = {str(row.pk): row for row in rows(self.document, ids)}
        for reading in readings:
            row = present.get(reading.object_id)
            if row is not None and _is_equal(reading, row):
                self.tally.equal += 1
            else:
                self._examine(reading, newest.get(reading.object_id, 0))

    def _examine(self, first: Reading, newest: int) -> None:
        """Read again what differed, consistently, between two looks at the ledger; then count it.

        With ``apply``, a missing row is inserted. ``newest`` is the newest revision of the row's
        items.
        """
        before = self._entry(first.object_id)
        items = self.stores.items.get_many([first.key], consistent=True)
        item = items.get(first.key)
        row = rows(self.document, [first.object_id]).first()
        pending = before is not None and before.state == State.PENDING
        if item is None or is_tombstone(item) or pending:
            self.tally.pending += 1
            return
        reading = self.read(item)
        after = self._entry(first.object_id)
        if (before and before.version) != (after and after.version):
            self.tally.pending += 1
        elif reading.revision < newest:
            self._count_impossible(reading, "the row has a newer item; this one is an orphan")
        elif row is None:
            self._restore_row(reading, before)
        elif _is_equal(reading, row):
            self.tally.equal += 1
        else:
            self._count_difference(reading, row)

    def _count_difference(self, reading: Reading, row: models.Model) -> None:
        differing = reading.differing_fields(row)
        self.tally.differ += 1
        self.tally.fields.update(differing)
        named = ", ".join([*differing, *_named_problems(reading)])
        self.tally.note(reading.object_id, f"differs: {named}")

    def _restore_row(self, reading: Reading, entry: LedgerEntry | None) -> None:
        """Insert the row, unless it was deleted on purpose or the mirror lacks a part of it."""
        if entry is not None and (entry.parked_at or list(reading.key) not in entry.item_keys):
            problem = "deleted here; the item is an orphan"
        elif reading.problems:
            problem = ", ".join(_named_problems(reading))
        else:
            problem = missing_reference(reading, self.inventory)
            if not problem and self.apply:
                problem = insert(reading)
        if problem:
            self._count_impossible(reading, problem)
        else:
            self.tally.restored += 1
            self.inventory.note_restored(self.label, reading.object_id)

    def _count_impossible(self, reading: Reading, problem: str) -> None:
        self.tally.impossible += 1
        self.tally.note(reading.object_id, f"cannot be restored: {problem}")

    def _count_rows_without_item(self, ids: Sequence[str]) -> None:
        """Count rows of which the scan found no item: lost, unless pending or mirrored by now."""
        entries = LedgerEntry.objects.pending().filter(model=self.label, object_id__in=ids)
        pending = set(entries.values_list("object_id", flat=True))
        for row in rows(self.document, ids):
            if str(row.pk) in pending or self._has_item(row):
                self.tally.pending += 1
            else:
                self.tally.lost += 1
                self.tally.note(str(row.pk), "is not in the mirror")

    def _has_item(self, row: models.Model) -> bool:
        """Whether the table holds a live item under the key of this row."""
        try:
            key = render(self.document, row).key
        except Unmirrorable:
            return False
        item = self.stores.items.get_many([key], consistent=True).get(key)
        return item is not None and not is_tombstone(item)

    def _entry(self, object_id: str) -> LedgerEntry | None:
        return LedgerEntry.objects.filter(model=self.label, object_id=object_id).first()


def _is_equal(reading: Reading, row: models.Model) -> bool:
    return not reading.problems and not reading.differing_fields(row)


def _named_problems(reading: Reading) -> list[str]:
    return [f"{name} ({problem})" for name, problem in reading.problems.items()]
