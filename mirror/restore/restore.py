"""What would come back from the mirror alone: compared with PostgreSQL, and put back where missing.

Memory stays flat: which objects the mirror holds is noted in a temporary table, the items are then
read page by page, the models that others refer to first. Whatever differs is looked at again,
alone and with consistent reads, before it counts.
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
from mirror.models import LedgerEntry
from mirror.restore.insert import follow_with_sequences, insert, missing_reference
from mirror.restore.inventory import Inventory, open_inventory
from mirror.restore.reader import Reading, read
from mirror.restore.tally import Tally
from mirror.stores.clients import Stores

CHUNK = 16  # objects in memory at a time, with their transcripts
THREADS = 8  # that read from S3: they hide latency

Progress = Callable[[int], object]


def restore(
    stores: Stores,
    *,
    apply: bool,
    begin: Progress = int,
    progress: Progress = int,
) -> list[Tally]:
    """Compare all that the mirror holds with PostgreSQL; with ``apply`` insert what is missing.

    ``begin`` is told how many objects there are. Raises ``StoreError`` where a store cannot be
    read. What was restored before an interruption is there and equal the next time.
    """
    with open_inventory() as inventory:
        begin(inventory.note(stores))
        tallies = []
        for document in in_order():
            walk = Walk(document, stores, inventory, apply=apply)
            walk.run(progress)
            tallies.append(walk.tally)
        return tallies


def in_order() -> list[type[Document]]:
    """Return the documents, each after those whose models its own refers to."""
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
    """One pass over all objects of one document."""

    def __init__(
        self, document: type[Document], stores: Stores, inventory: Inventory, *, apply: bool
    ) -> None:
        self.document = document
        self.label = document.mirror_options.label
        self.stores = stores
        self.inventory = inventory
        self.apply = apply
        self.tally = Tally(self.label)
        self.read = partial(read, document, fetch=stores.objects.get)

    def run(self, progress: Progress) -> None:
        """Look at every item, then at every row that has none."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-read") as threads:
            for page in self.stores.items.scan_entity(self.document.mirror_options.entity):
                for items in batched(page, CHUNK):
                    self._compare(list(threads.map(self.read, items)))
                    progress(len(items))
        for ids in batched(self.inventory.rows_without_item(self.document), CHUNK):
            self._look_for(ids)
        if self.apply and self.tally.restored:
            follow_with_sequences(self.document.mirror_options.model)

    def _compare(self, readings: Sequence[Reading]) -> None:
        ids = [reading.object_id for reading in readings]
        newest = self.inventory.revisions(self.label, ids)
        present = {str(row.pk): row for row in rows(self.document, ids)}
        for reading in readings:
            row = present.get(reading.object_id)
            if row is not None and _equal(reading, row):
                self.tally.equal += 1
            else:
                self._settle(reading, newest.get(reading.object_id, 0))

    def _settle(self, first: Reading, newest: int) -> None:
        """Look again at what differed, and count, or insert, what is really so."""
        before = self._entry(first.object_id)
        items = self.stores.items.get_many([first.key], consistent=True)
        item = items.get(first.key)
        row = rows(self.document, [first.object_id]).first()
        pending = before is not None and before.state == "pending"
        if item is None or is_tombstone(item) or pending:
            self.tally.pending += 1
            return
        reading = self.read(item)
        after = self._entry(first.object_id)
        if (before and before.version) != (after and after.version):
            self.tally.pending += 1
        elif reading.revision < newest:
            self._count_impossible(reading, "an older item of the same object is left over")
        elif row is None:
            self._bring_back(reading, before)
        elif _equal(reading, row):
            self.tally.equal += 1
        else:
            self._count_difference(reading, row)

    def _count_difference(self, reading: Reading, row: models.Model) -> None:
        differing = reading.differs_from(row)
        self.tally.differ += 1
        self.tally.fields.update(differing)
        words = [*differing, *(f"{name} ({why})" for name, why in reading.troubles.items())]
        self.tally.note(reading.object_id, f"differs: {', '.join(words)}")

    def _bring_back(self, reading: Reading, entry: LedgerEntry | None) -> None:
        """Insert the row, unless the mirror has not all of it or it was deleted on purpose."""
        if entry is not None and (entry.parked_at or list(reading.key) not in entry.item_keys):
            trouble = "deleted here; the item is left over"
        elif reading.troubles:
            trouble = ", ".join(f"{name} ({why})" for name, why in reading.troubles.items())
        else:
            trouble = missing_reference(reading, self.inventory)
            if not trouble and self.apply:
                trouble = insert(reading)
        if trouble:
            self._count_impossible(reading, trouble)
        else:
            self.tally.restored += 1
            self.inventory.note_return(self.label, reading.object_id)

    def _count_impossible(self, reading: Reading, why: str) -> None:
        self.tally.impossible += 1
        self.tally.note(reading.object_id, f"cannot be restored: {why}")

    def _look_for(self, ids: Sequence[str]) -> None:
        """Count rows that the scan did not show, unless they were mirrored meanwhile."""
        entries = LedgerEntry.objects.pending().filter(model=self.label, object_id__in=ids)
        pending = set(entries.values_list("object_id", flat=True))
        for row in rows(self.document, ids):
            try:
                key = render(self.document, row).key
            except Unmirrorable:
                key = None
            found = self.stores.items.get_many([key], consistent=True) if key else {}
            if str(row.pk) in pending or any(not is_tombstone(i) for i in found.values()):
                self.tally.pending += 1
            else:
                self.tally.lost += 1
                self.tally.note(str(row.pk), "is not in the mirror")

    def _entry(self, object_id: str) -> LedgerEntry | None:
        return LedgerEntry.objects.filter(model=self.label, object_id=object_id).first()


def _equal(reading: Reading, row: models.Model) -> bool:
    return not reading.troubles and not reading.differs_from(row)
