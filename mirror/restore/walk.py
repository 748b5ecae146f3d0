"""The walk through all rows of one document, in the mirror and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.db import models

from mirror.batching import batched
from mirror.documents.document import Document, field_attributes
from mirror.documents.field_values import default_in_words
from mirror.documents.items import Item, ItemKey, is_tombstone
from mirror.documents.registry import labels
from mirror.documents.render import render
from mirror.documents.rows import forgotten_fields, rows
from mirror.documents.unreadable import read_rows
from mirror.errors import DATABASE_TROUBLE
from mirror.models import LedgerEntry, State
from mirror.restore.counts import RestoreCounts
from mirror.restore.insert import advance_sequences, insert
from mirror.restore.inventory import CHUNK, Inventory, Unequal
from mirror.restore.portions import read_in_portions
from mirror.restore.reader import Field, Reading, names_a_row, read, without_attribute
from mirror.stores.clients import Stores

ROWS = 16  # whole rows in memory at a time, if nothing is known of their sizes


class Walk:
    """One document: its items are compared as a scan finds them, and examined afterwards."""

    def __init__(
        self,
        document: type[Document],
        stores: Stores,
        inventory: Inventory,
        threads: ThreadPoolExecutor,
        *,
        apply: bool,
    ) -> None:
        self.document = document
        self.label = document.mirror_options.label
        self.stores = stores
        self.inventory = inventory
        self.threads = threads
        self.apply = apply
        self.tally = RestoreCounts(self.label)
        self.unheld: list[Field] | None = None  # the fields that nothing that was read holds

    def compare(self, items: Sequence[Item]) -> None:
        """Compare live items with their rows; count what is equal, and note the others."""
        named = [item for item in items if self._names_a_row(item["id"]["S"])]
        nameless = [item for item in items if not self._names_a_row(item["id"]["S"])]
        self.inventory.note_unequal(self.label, nameless)
        self.inventory.note(self.label, named)
        for chunk in batched(named, CHUNK):
            present = self._present(item["id"]["S"] for item in chunk)
            unequal = [item for item in chunk if item["id"]["S"] not in present]
            for readings in self._read(item for item in chunk if item["id"]["S"] in present):
                found = self._rows(readings)
                for reading in readings:
                    row = found.get(reading.object_id)
                    if isinstance(row, models.Model) and _is_equal(reading, row):
                        self.tally.equal += 1
                    else:
                        unequal.append(reading.item)
            self.inventory.note_unequal(self.label, unequal)

    def examine(self, progress: Callable[[int], object]) -> None:
        """Examine every item that is not equal, then look at every row that has no item."""
        for chunk in self.inventory.unequal(self.label):
            self._examine(chunk)
            progress(len(chunk))
        for ids in batched(self.inventory.rows_without_item(self.document), ROWS):
            self._count_rows_without_item(ids)
        self.tally.set_anew = {f.name: default_in_words(f) for f in self.unheld or ()}
        if self.apply and self.tally.restored:
            advance_sequences(self.document.mirror_options.model)

    def _examine(self, chunk: Sequence[Unequal]) -> None:
        """Read again what differed, consistently, between two looks at the ledger; then count it.

        With ``apply``, missing rows are inserted.
        """
        before = self._entries(object_id for object_id, _ in chunk)
        items = self.stores.items.get_many([key for _, key in chunk], consistent=True)
        live = []
        for object_id, key in chunk:
            item, entry = items.get(key), before.get(object_id)
            pending = entry is not None and entry.state == State.PENDING
            if item is None or is_tombstone(item) or pending:
                self.tally.pending += 1
            else:
                live.append(item)
        for readings in self._read(live):
            self._judge(readings, before)

    def _judge(self, readings: Sequence[Reading], before: Mapping[str, LedgerEntry]) -> None:
        """Count rows that were read after the ledger's entries of ``before``."""
        for reading in readings:
            if "id" in reading.problems:
                self._count_impossible(reading, ", ".join(_named_problems(reading)))
        readings = [reading for reading in readings if "id" not in reading.problems]
        found = self._rows(readings)
        after = self._entries(reading.object_id for reading in readings)
        newest = self.inventory.revisions(self.label, [r.object_id for r in readings])
        missing = []
        for reading in readings:
            object_id = reading.object_id
            row = found.get(object_id)
            if _version(before.get(object_id)) != _version(after.get(object_id)):
                self.tally.pending += 1
            elif reading.revision < newest.get(object_id, 0):
                problem = "the row has a newer item; this one is an orphan"
                self._count_impossible(reading, problem)
            elif row is None:
                missing.append(reading)
            elif isinstance(row, Exception):
                self.tally.differ += 1
                self.tally.note(object_id, f"cannot be read ({type(row).__name__})")
            elif _is_equal(reading, row):
                self.tally.equal += 1
            else:
                self._count_difference(reading, row)
        self._restore(missing, before)

    def _count_difference(self, reading: Reading, row: models.Model) -> None:
        remarks = {f.name: " (no attribute)" for f in forgotten_fields(self.document)}
        remarks |= {f.name: " (no attribute, no default)" for f in reading.lacking}
        differing = [name + remarks.get(name, "") for name in reading.differing_fields(row)]
        self.tally.differ += 1
        self.tally.fields.update(differing)
        attributes = field_attributes(self.document)
        told = {name for name in differing if attributes.get(name) in reading.problems}
        named = ", ".join([*(n for n in differing if n not in told), *_named_problems(reading)])
        self.tally.note(reading.object_id, f"differs: {named}")

    def _restore(self, missing: Sequence[Reading], entries: Mapping[str, LedgerEntry]) -> None:
        """Insert rows, but for those deleted on purpose and those of which a part is missing."""
        problems: dict[ItemKey, str] = {}
        for reading in missing:
            entry = entries.get(reading.object_id)
            if entry and (entry.parked_at or list(reading.key) not in entry.item_keys):
                problems[reading.key] = "deleted here; the item is an orphan"
            elif reading.problems:
                problems[reading.key] = ", ".join(_named_problems(reading))
        whole = [reading for reading in missing if reading.key not in problems]
        problems |= insert(whole, self.inventory, apply=self.apply)
        for reading in missing:
            if reading.key in problems:
                self._count_impossible(reading, problems[reading.key])
            else:
                self.tally.restored += 1
                self.tally.lacked.update(f.name for f in reading.lacked)

    def _count_impossible(self, reading: Reading, problem: str) -> None:
        self.tally.impossible += 1
        self.tally.note(reading.object_id, f"cannot be restored: {problem}")

    def _count_rows_without_item(self, ids: Sequence[str]) -> None:
        """Count rows of which the scan found no item: lost, unless pending or mirrored by now."""
        entries = LedgerEntry.objects.pending().filter(model=self.label, object_id__in=ids)
        pending = set(entries.values_list("object_id", flat=True))
        found = read_rows(self.document, ids)
        keys = {object_id: self._key(row) for object_id, row in found.items()}
        wanted = [key for object_id, key in keys.items() if key and object_id not in pending]
        items = self.stores.items.get_many(wanted, consistent=True)
        live = {item.get("id", {}).get("S") for item in items.values()}  # a tombstone has no id
        for object_id in keys:
            if object_id in pending or object_id in live:
                self.tally.pending += 1
            else:
                self.tally.lost += 1
                self.tally.note(object_id, "is not in the mirror")

    def _key(self, row: models.Model | Exception) -> ItemKey | None:
        """Return the key under which the item of this row would be; None if it can have none."""
        if isinstance(row, Exception):
            return None
        try:
            return render(self.document, row).key
        except DATABASE_TROUBLE:
            raise
        except Exception:  # noqa: BLE001 - ``Unmirrorable``, or whatever a defect in a document raises
            return None

    def _read(self, items: Iterable[Item]) -> Iterator[list[Reading]]:
        read_one = partial(read, self.document, fetch=self.stores.objects.get)
        for readings in read_in_portions(self.threads, read_one, items):
            held = {name for reading in readings for name in reading.values}
            unheld = self._unmirrored() if self.unheld is None else self.unheld
            self.unheld = [f for f in unheld if f.attname not in held]
            yield readings

    def _unmirrored(self) -> list[Field]:
        """Return the fields that neither this document nor that of an inherited table mirrors."""
        own = self.document.mirror_options.model._meta.concrete_model
        return [
            f
            for f in without_attribute(self.document)
            if f.model is own or f.model._meta.label_lower not in labels()
        ]

    def _names_a_row(self, object_id: str) -> bool:
        return names_a_row(self.document, object_id)

    def _present(self, ids: Iterable[str]) -> set[str]:
        """Return the ids of those rows that exist."""
        return set(map(str, rows(self.document, ids).values_list("pk", flat=True)))

    def _rows(self, readings: Collection[Reading]) -> dict[str, models.Model | Exception]:
        """Return the rows of these items; of one that cannot be read, the error."""
        return read_rows(self.document, [reading.object_id for reading in readings])

    def _entries(self, ids: Iterable[str]) -> dict[str, LedgerEntry]:
        named = [object_id for object_id in ids if self._names_a_row(object_id)]
        entries = LedgerEntry.objects.filter(model=self.label, object_id__in=named)
        return {entry.object_id: entry for entry in entries}


def _version(entry: LedgerEntry | None) -> tuple[int, int] | None:
    return entry.version if entry else None


def _is_equal(reading: Reading, row: models.Model) -> bool:
    return not reading.problems and not reading.differing_fields(row)


def _named_problems(reading: Reading) -> list[str]:
    return [f"{name} ({problem})" for name, problem in reading.problems.items()]
