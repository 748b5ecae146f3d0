"""The check of the table: each item is read once, noted, and looked up by the row that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from mirror.documents.items import Item
from mirror.stores.clients import Stores
from mirror.verify.orphans import find_orphaned_items
from mirror.verify.report import Part
from mirror.verify.seen import Note


def scans(
    segments: Sequence[int], total: int, stores: Stores, note: Note
) -> Iterator[Callable[[], Part | None]]:
    """Yield a function for each of these segments of the table, which has ``total``.

    It reads the next page of its segment, notes the items, and returns what it found; None at the
    end.
    """
    for segment in segments:
        yield partial(_next_page, stores.items.scan(segment, total), stores, note)


def _next_page(pages: Iterator[list[Item]], stores: Stores, note: Note) -> Part | None:
    page = next(pages, None)
    if page is None:
        return None
    note(page)
    return Part(items=len(page), findings=find_orphaned_items(page, stores))
