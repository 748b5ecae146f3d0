"""The inventory: which rows the mirror holds. In a temporary file, as they may not fit in memory.

It is a database of SQLite's, so that the restore needs no session of PostgreSQL for it: a pooler
such as pgbouncer keeps none.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from mirror.batching import batched
from mirror.documents.document import Document
from mirror.documents.items import ENTITY, revision_of
from mirror.documents.registry import documents
from mirror.documents.rows import ID, rows_with_ids, stream
from mirror.stores.clients import Stores

PAGE = 1000  # rows looked up at a time
MAX_REVISION = 2**63 - 1


class Inventory:
    """The rows of which DynamoDB holds a live item, each with the newest revision."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE held (model, object_id, revision, comes_back DEFAULT false,"
            " PRIMARY KEY (model, object_id)) WITHOUT ROWID"
        )

    def note(self, stores: Stores) -> int:
        """Note every live item; return how many there are.

        Of several items of one row, the newest revision is noted.
        """
        labels = {d.mirror_options.entity: d.mirror_options.label for d in documents()}
        count = 0
        for page in stores.items.scan_keys():
            noted = [
                (
                    labels[item[ENTITY]["S"]],
                    item["id"]["S"],
                    min(revision_of(item), MAX_REVISION),
                )
                for item in page
                if item.get(ENTITY, {}).get("S") in labels and "S" in item.get("id", {})
            ]
            self._database.executemany(
                "INSERT INTO held (model, object_id, revision) VALUES (?, ?, ?)"
                " ON CONFLICT (model, object_id)"
                " DO UPDATE SET revision = max(revision, excluded.revision)",
                noted,
            )
            count += len(noted)
        return count

    def revisions(self, label: str, ids: Collection[str]) -> dict[str, int]:
        """Return the newest revision of each of these rows."""
        found = self._database.execute(
            "SELECT object_id, revision FROM held"
            " WHERE model = ? AND object_id IN (SELECT value FROM json_each(?))",
            [label, json.dumps(list(ids))],
        )
        return dict(found.fetchall())

    def note_restored(self, label: str, object_id: str) -> None:
        """Note that this row is, or would be, restored: others may refer to it."""
        self._database.execute(
            "UPDATE held SET comes_back = true WHERE model = ? AND object_id = ?",
            [label, object_id],
        )

    def comes_back(self, label: str, object_id: str) -> bool:
        """Whether this row is, or would be, restored."""
        found = self._database.execute(
            "SELECT 1 FROM held WHERE model = ? AND object_id = ? AND comes_back",
            [label, object_id],
        )
        return found.fetchone() is not None

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
