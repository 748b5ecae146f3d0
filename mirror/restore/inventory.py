"""The inventory: which rows the mirror holds. A temporary table, as they may not fit in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models.expressions import RawSQL

from mirror.documents.document import Document
from mirror.documents.items import ENTITY, revision_of
from mirror.documents.registry import documents
from mirror.documents.rows import ID, rows_with_ids
from mirror.stores.clients import Stores


class Inventory:
    """The rows of which DynamoDB holds a live item, each with the newest revision."""

    def note(self, stores: Stores) -> int:
        """Note every live item; return how many there are.

        Of several items of one row, the newest revision is noted.
        """
        labels = {d.mirror_options.entity: d.mirror_options.label for d in documents()}
        count = 0
        for page in stores.items.scan_keys():
            noted = [
                (labels[item[ENTITY]["S"]], item["id"]["S"], revision_of(item))
                for item in page
                if item.get(ENTITY, {}).get("S") in labels and "S" in item.get("id", {})
            ]
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO mirror_inventory AS held VALUES (%s, %s, %s)"
                    " ON CONFLICT (model, object_id)"
                    " DO UPDATE SET revision = greatest(held.revision, excluded.revision)",
                    noted,
                )
            count += len(noted)
        return count

    def revisions(self, label: str, ids: Collection[str]) -> dict[str, int]:
        """Return the newest revision of each of these rows."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT object_id, revision FROM mirror_inventory"
                " WHERE model = %s AND object_id = ANY(%s)",
                [label, list(ids)],
            )
            return dict(cursor.fetchall())

    def note_restored(self, label: str, object_id: str) -> None:
        """Note that this row is, or would be, restored: others may refer to it."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE mirror_inventory SET comes_back = true WHERE model = %s AND object_id = %s",
                [label, object_id],
            )

    def comes_back(self, label: str, object_id: str) -> bool:
        """Whether this row is, or would be, restored."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM mirror_inventory WHERE model = %s AND object_id = %s AND comes_back",
                [label, object_id],
            )
            return cursor.fetchone() is not None

    def rows_without_item(self, document: type[Document]) -> Iterator[str]:
        """Yield the ids of the rows in PostgreSQL for which no item was noted."""
        options = document.mirror_options
        held = RawSQL("SELECT object_id FROM mirror_inventory WHERE model = %s", [options.label])
        missing = rows_with_ids(options.model).exclude(**{f"{ID}__in": held}).order_by()
        yield from missing.values_list(ID, flat=True).iterator(chunk_size=1000)


@contextmanager
def open_inventory() -> Iterator[Inventory]:
    """Create the table, and drop it at the end."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.mirror_inventory")
        cursor.execute(
            "CREATE TEMPORARY TABLE mirror_inventory (model text, object_id text, revision bigint,"
            " comes_back boolean DEFAULT false, PRIMARY KEY (model, object_id))"
        )
    try:
        yield Inventory()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.mirror_inventory")
