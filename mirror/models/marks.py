"""Marks: rows that are to be written anew, whatever the ledger says of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from mirror.capture import RESET_COLUMNS
from mirror.documents.items import Item, ItemKey, fingerprint, revision_of
from mirror.models.key_states import LANDED, dump, load

READ = (
    "pk",
    "object_id",
    "revision",
    "mirrored_revision",
    "owed_since",
    "backfill",
    "item_keys",
    "object_keys",
    "attempted",
)
WRITTEN = {
    "revision": "bigint",
    "owed_since": "timestamptz",
    "backfill": "boolean",
    "item_keys": "jsonb",
    "object_keys": "jsonb",
    "attempted": "jsonb",
}


@dataclass(frozen=True)
class Mark:
    """A row that is to be written anew, and what the stores are known to hold of it.

    The items ``overwriting``, which the caller has seen in the table, may be overwritten.
    ``item_keys`` and ``object_keys`` exist in the stores although the ledger may not know of them.
    With ``backfill``, what people change goes first.
    """

    object_id: str
    overwriting: Collection[Item] = ()
    item_keys: Collection[ItemKey] = ()
    object_keys: Collection[str] = ()
    backfill: bool = False

    def columns(self, entry: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Return the new columns of the row's entry, which is locked and has those of ``READ``.

        The revision is raised above those of all items that may be overwritten. Nothing in the
        stores is trusted: objects are uploaded again, and what does not belong to the row is
        removed.
        """
        owed = entry["revision"] > entry["mirrored_revision"]
        keys = [*map(tuple, entry["item_keys"]), *map(tuple, self.item_keys)]
        states = load(entry["object_keys"])
        doubted = {key: state.superseded(now) for key, state in states.items()}
        attempted = [*entry["attempted"], *map(fingerprint, self.overwriting)]
        return {
            "revision": max([entry["revision"], *map(revision_of, self.overwriting)]) + 1,
            "owed_since": entry["owed_since"] if owed else now,
            "backfill": self.backfill and (entry["backfill"] or not owed),
            "item_keys": list(dict.fromkeys(keys)),
            "object_keys": dump(dict.fromkeys(self.object_keys, LANDED) | doubted),
            "attempted": list(dict.fromkeys(attempted)),
        }


def write_marks(table: str, columns_by_id: Mapping[int, Mapping[str, Any]]) -> None:
    """Give locked entries of ``table`` their new columns, all with one statement."""
    rows: Sequence[Any] = [{"id": pk, **columns} for pk, columns in columns_by_id.items()]
    given = ", ".join(f"{name} {kind}" for name, kind in WRITTEN.items())
    assignments = ", ".join(
        [f"{name} = new.{name}" for name in WRITTEN]
        + [f"{name} = {sql}" for name, sql in RESET_COLUMNS.items()]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {table} AS entry SET {assignments}
            FROM jsonb_to_recordset(%s) AS new(id bigint, {given}) WHERE entry.id = new.id
            """,  # noqa: S608 - the parts are constants of this package
            [json.dumps(rows, default=str)],
        )
