"""The inventory: which rows the mirror holds. In a temporary file, as they may not fit in memory.

It is a database of SQLite's, so that the restore needs no session of PostgreSQL for it: a pooler
such as pgbouncer keeps none. It holds keys and no contents: some hundred bytes for each row.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from mirror.batching import batched
from mirror.documents.document import Document
from mirror.documents.items import Item, ItemKey, key_of, revision_of
from mirror.documents.rows import ID, rows_with_ids, stream
from mirror.documents.sizes import item_size

PAGE = 1000  # rows looked up at a time
CHUNK = 100  # items that are read at a time: what BatchGetItem takes
CHUNK_BYTES = 1024 * 1024  # of items
MAX_REVISION = 2**63 - 1


class Unequal(NamedTuple):
    """An item that is not equal to its row, or whose row is missing."""

    object_id: str
    key: ItemKey


class Inventory:
    """The rows of which DynamoDB holds a live item, and the items that are to be examined."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE held (model, object_id, revision, comes_back DEFAULT false,"
            " PRIMARY KEY (model, object_id)) WITHOUT ROWID"
        )
        database.execute(
            "CREATE TABLE unequal"
            " (number INTEGER PRIMARY KEY, model, object_id, pk, sk, size INTEGER)"
        )

    def note(self, label: str, items: Iterable[Item]) -> None:
        """Note rows that have a live item; of several items of one row, the newest revision."""
        self._database.executemany(
            "INSERT INTO held (model, object_id, revision) VALUES (?, ?, ?)"
            " ON CONFLICT (model, object_id)"
            " DO UPDATE SET revision = max(revision, excluded.revision)",
            [(label, item["id"]["S"], min(revision_of(item), MAX_REVISION)) for item in items],
        )

    def revisions(self, label: str, ids: Collection[str]) -> dict[str, int]:
        """Return the newest revision of each of these rows."""
        found = self._database.execute(
            "SELECT object_id, revision FROM held"
            " WHERE model = ? AND object_id IN (SELECT value FROM json_each(?))",
            [label, json.dumps(list(ids))],
        )
        return dict(found.fetchall())

    def note_unequal(self, label: str, items: Iterable[Item]) -> None:
        """Note items that are to be examined."""
        self._database.executemany(
            "INSERT INTO unequal (model, object_id, pk, sk, size) VALUES (?, ?, ?, ?, ?)",
            [(label, item["id"]["S"], *key_of(item), item_size(item)) for item in items],
        )

    def count_unequal(self) -> int:
        """Return how many items are to be examined."""
        (count,) = self._database.execute("SELECT count(*) FROM unequal").fetchone()
        return int(count)

    def unequal(self, label: str) -> Iterator[list[Unequal]]:
        """Yield the items of a model that are to be examined, as many as fit into memory."""
        number = 0
        while found := self._database.execute(
            "SELECT number, size, object_id, pk, sk FROM unequal"
            " WHERE model = ? AND number > ? ORDER BY number LIMIT ?",
            [label, number, CHUNK],
        ).fetchall():
            chunk: list[Unequal] = []
            total = 0
            for row_number, size, object_id, *key in found:
                total += size
                if chunk and total > CHUNK_BYTES:
                    break
                number = row_number
                chunk.append(Unequal(object_id, ItemKey(*key)))
            yield chunk

    def note_restored(self, label: str, ids: Iterable[str]) -> None:
        """Note that these rows are, or would be, restored: others may refer to them."""
        self._database.executemany(
            "UPDATE held SET comes_back = true WHERE model = ? AND object_id = ?",
            [(label, object_id) for object_id in ids],
        )

    def coming_back(self, label: str, ids: Collection[str]) -> set[str]:
        """Return those of these rows that are, or would be, restored."""
        found = self._database.execute(
            "SELECT object_id FROM held WHERE comes_back"
            " AND model = ? AND object_id IN (SELECT value FROM json_each(?))",
            [label, json.dumps(list(ids))],
        )
        return {object_id for (object_id,) in found}

    def rows_without_item(self, document: type[Document]) -> Iterator[str]:
        """Yield the ids of the rows in PostgreSQL for which no item was noted."""
        options = document.mirror_options
        texts = rows_with_ids(options.model).order_by().values_list(ID, flat=True)
        for ids in batched(stream(texts), PAGE):
            held = self.revisions(options.label, ids)
            yield from (object_id for object_id in ids if object_id not in held)


@contextmanager
def open_inventory() -> Iterator[Inventory]:
    """Create the temporary file, and remove it at the end."""
    database = sqlite3.connect("")  # one transaction, never committed
    try:
        yield Inventory(database)
    finally:
        database.close()
