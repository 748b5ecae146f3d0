"""The check of the rows: each is compared with the items that were seen, and with its objects.

Rows are walked in the order of their ids, as the listing of the bucket has the same order and can
be walked alongside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, takewhile
from typing import Any

from django.db import connection
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Collate, Concat

from mirror.batching import batched
from mirror.documents.document import Document
from mirror.documents.ids import encode_id, encoded_id
from mirror.documents.items import (
    REVISION,
    Item,
    ItemKey,
    fingerprint,
    is_tombstone,
    key_of,
)
from mirror.documents.render import render
from mirror.documents.rows import ID, folders, rows, rows_with_ids, sizes, stream
from mirror.documents.unreadable import by_halves
from mirror.models import LedgerEntry, State
from mirror.stores.clients import Stores
from mirror.stores.s3 import Listed
from mirror.verify.compare import Expected, examine, has_content
from mirror.verify.orphans import find_orphaned_objects, owner_of, row_folder_of, row_id_of
from mirror.verify.report import Part, Scope
from mirror.verify.seen import Seen

CHUNK = 200  # rows compared together
READ_AT_ONCE = 1_000_000  # bytes, as PostgreSQL compresses them: Python takes many times more
PAGE = 1000  # listed objects taken at a time

ORDER = "mirror-order"  # no field can have such a name


@dataclass(frozen=True)
class Range:
    """Some of a document's rows, and the objects between theirs: after one row, up to another.

    Both are given by their folders, with a slash at the end; empty, it is open.
    """

    after: str = ""
    up_to: str = ""

    def covers(self, key: str) -> bool:
        """Whether this object, of those after ``after``, belongs here."""
        return not self.up_to or key.partition("/")[2] <= _last(self.up_to)

    def first_after(self, folder: str) -> str:
        """Return what all keys in ``folder`` that belong here come after."""
        return f"{folder}/{_last(self.after)}" if self.after else ""


WHOLE = Range()


def _last(row_folder: str) -> str:
    """Return what comes after all keys in a row's folder, and before those of the next row."""
    return row_folder.removesuffix("/") + "0"  # the character after the slash


def ranges(document: type[Document], count: int, within: Range = WHOLE) -> list[Range]:
    """Divide a document's rows, and what lies between them in S3, into ``count`` ranges."""
    if count == 1:
        return [within]
    ids = _ordered(document, within).values_list(ORDER).order_by()
    sql, params = ids.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT percentile_disc(%s) WITHIN GROUP (ORDER BY "{ORDER}") FROM ({sql}) AS ids',  # noqa: S608 - the SQL put in is Django's own, with placeholders
            [[number / count for number in range(1, count)], *params],
        )
        (bounds,) = cursor.fetchone()
    return between(sorted(set(filter(None, bounds or []))), within)


def between(bounds: Sequence[str], within: Range = WHOLE) -> list[Range]:
    """Return the ranges of which each ends where the next begins."""
    starts, ends = [within.after, *bounds], [*bounds, within.up_to]
    return [Range(after, up_to) for after, up_to in zip(starts, ends, strict=True)]


def walk(
    document: type[Document], part: Range, seen: Seen, stores: Stores, scope: Scope
) -> Iterator[Callable[[], Part]]:
    """Yield the work of comparing every row, and every object in the folders of this document."""
    listings = [Listing(folder, part, stores, scope) for folder in folders(document)]
    ownerless: list[Listed] = []
    for ids in batched(filter(scope.includes, _ids(document, part)), CHUNK):
        own: dict[str, list[Listed]] = {object_id: [] for object_id in ids}
        for listed_object in chain.from_iterable(one.take_until(ids[-1]) for one in listings):
            owner = owner_of(listed_object.key)
            (ownerless if owner is None else own.get(owner, ownerless)).append(listed_object)
            if len(ownerless) == PAGE:
                yield partial(_examine_objects, document, ownerless, stores)
                ownerless = []
        yield partial(_compare_chunk, document, own, seen, stores, deep=scope.deep)
    rest = chain.from_iterable(listing.rest() for listing in listings)
    for page in batched(chain(ownerless, rest), PAGE):
        yield partial(_examine_objects, document, page, stores)


def fetched(stores: Stores) -> Seen:
    """Return a function that fetches items, for a check that does not scan the table."""

    def among(_: type[Document], items: Mapping[str, Item]) -> set[str]:
        present = stores.items.get_many(sorted(map(key_of, items.values()))).values()
        found = {fingerprint(item) for item in present if not is_tombstone(item)}
        return {object_id for object_id, item in items.items() if fingerprint(item) in found}

    return among


def _ordered(document: type[Document], part: Range) -> QuerySet[Any]:
    """Return the rows of this part, annotated with their folders, by which S3 sorts them."""
    folder = Collate(Concat(encoded_id(ID), Value("/"), output_field=TextField()), "C")
    found: QuerySet[Any] = rows_with_ids(document.mirror_options.model).annotate(**{ORDER: folder})
    if part.after:
        found = found.filter(**{f"{ORDER}__gt": part.after})
    if part.up_to:
        found = found.filter(**{f"{ORDER}__lte": part.up_to})
    return found


def _ids(document: type[Document], part: Range) -> Iterator[str]:
    """Return the ids of the rows of this part, in the order in which S3 lists their folders."""
    return stream(_ordered(document, part).order_by(ORDER).values_list(ID, flat=True))


def _examine_objects(document: type[Document], listed: Sequence[Listed], stores: Stores) -> Part:
    return Part(findings=find_orphaned_objects(document, listed, stores))


def _compare_chunk(
    document: type[Document],
    listed: Mapping[str, Sequence[Listed]],
    seen: Seen,
    stores: Stores,
    *,
    deep: bool,
) -> Part:
    """Compare some rows with their items, and with their objects as listed by the rows' ids.

    Whatever does not look equal is examined.
    """
    part, ids = Part(), list(listed)
    entries: dict[str, LedgerEntry] = {
        entry.object_id: entry
        for entry in LedgerEntry.objects.filter(
            model=document.mirror_options.label, object_id__in=ids
        )
    }
    pending = {object_id for object_id, e in entries.items() if e.state == State.PENDING}
    expected_rows = _expected(document, ids)
    items = {
        object_id: item
        for object_id, expected in expected_rows.items()
        if expected
        and object_id not in pending
        and (item := _whole_item(expected, entries.get(object_id)))
        and _has_objects(expected, item, listed[object_id], stores, deep=deep)
    }
    found = seen(document, items)
    part.expected = len(expected_rows)
    for object_id in expected_rows:
        if object_id in pending:
            part.pending += 1
        elif found is None and object_id in items:
            continue  # looked up later
        elif found and object_id in found:
            part.in_sync += 1
        else:
            part.add_examination(examine(document, object_id, stores, deep=deep))
    return part


def _whole_item(expected: Expected | None, entry: LedgerEntry | None) -> Item | None:
    """Return the item that should be there, with revision and S3 keys as the ledger has them.

    None if the ledger does not tell, or knows of other items of the row, as of a parked one.
    """
    if expected is None or entry is None:
        return None
    if any(ItemKey(*key) != expected.key for key in entry.item_keys):
        return None
    in_use = [key for key, state in entry.key_states.items() if state.in_use]
    item = expected.attributes | {REVISION: {"N": str(entry.mirrored_revision)}}
    for body in expected.fingerprints:
        keys = [key for key in in_use if body.is_kept_at(key)]
        if len(keys) != 1:
            return None
        item |= {body.attribute: {"S": keys[0]}}
    return item


def _has_objects(
    expected: Expected, item: Item, listed: Sequence[Listed], stores: Stores, *, deep: bool
) -> bool:
    """Whether the objects to which the item refers are listed, right, and the only ones."""
    objects = {found.key: found for found in listed}
    wanted = {item[body.attribute]["S"]: body for body in expected.fingerprints}
    return objects.keys() == wanted.keys() and all(
        has_content(objects[key], body, stores, deep=deep) for key, body in wanted.items()
    )


def _expected(document: type[Document], ids: Sequence[str]) -> dict[str, Expected | None]:
    """Return what is expected of each row; None for one that cannot be read or mirrored."""
    found = by_halves(lambda some: dict(_read(document, some)), ids)
    return {name: None if isinstance(one, Exception) else one for name, one in found.items()}


def _read(document: type[Document], ids: Sequence[str]) -> Iterator[tuple[str, Expected]]:
    label = document.mirror_options.label
    for few in _portions(sizes(document, ids)):
        for instance in rows(document, few):
            object_id = str(instance.pk)
            yield object_id, Expected.of(label, object_id, render(document, instance))


def _portions(stored_sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Divide rows, given with their sizes in bytes, into portions that fit in memory."""
    portion: list[str] = []
    total = 0
    for object_id, size in stored_sizes.items():
        if portion and total + size > READ_AT_ONCE:
            yield portion
            portion, total = [], 0
        portion.append(object_id)
        total += size
    if portion:
        yield portion


class Listing:
    """The objects of one top folder, in the order of their keys, taken piece by piece."""

    def __init__(self, folder: str, part: Range, stores: Stores, scope: Scope) -> None:
        listed = stores.objects.list(f"{folder}/", after=part.first_after(folder))
        own = takewhile(lambda found: part.covers(found.key), listed)
        self._objects = (found for found in own if scope.includes(row_id_of(found.key)))
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
