"""Mutants of the check and the repair."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any
from unittest import mock

from mirror.documents import items
from mirror.documents.document import Document
from mirror.documents.items import REVISION, Item, ItemKey
from mirror.errors import StoreError
from mirror.models import LedgerEntry, marks
from mirror.stores import dynamodb
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import ItemStore
from mirror.stores.s3 import Listed, ObjectStore
from mirror.verify import orphans
from mirror.verify.findings import Finding
from tests.faults.mutants.patching import Change, replace


def delete_normalized_key(self: ObjectStore, *keys: str) -> None:
    """Delete through django-storages, which normalizes the key first."""
    for key in keys:
        self.storage.delete(key)


def revision_of_digits_only(item: Item) -> int:
    """Read only revisions that are written with digits alone."""
    text = item.get(REVISION, {}).get("N", "0")
    return int(text) if text.isdigit() else 0


def no_owners(keys: Collection[ItemKey]) -> dict[ItemKey, set[tuple[str, str]]]:
    """Believe the entity and the id that an item carries, and never ask the ledger."""
    return {}


_find_orphaned_objects = orphans.find_orphaned_objects


def find_with_an_older_ledger(
    document: type[Document], listed: Sequence[Listed], stores: Stores
) -> set[Finding]:
    """Read the ledger before the rows."""
    ids = {orphans.row_id_of(found.key) for found in listed}
    pending = LedgerEntry.objects.pending().filter(object_id__in=ids).exists()
    with mock.patch.object(LedgerEntry, "state", "pending" if pending else "mirrored"):
        return _find_orphaned_objects(document, listed, stores)


def ending_at_error(method: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    """Return a variant of a generator that treats a failed read as the end."""

    def read(*arguments: Any, **options: Any) -> Iterator[Any]:
        with suppress(StoreError):
            yield from method(*arguments, **options)

    return read


def empty_at_error(method: Callable[..., Any], nothing: Any) -> Callable[..., Any]:
    """Return a variant of a function that returns ``nothing`` if it cannot read."""

    def read(*arguments: Any, **options: Any) -> Any:
        with suppress(StoreError):
            return method(*arguments, **options)
        return nothing

    return read


MUTANTS: dict[str, list[Change]] = {
    "removal normalizes object keys": [replace(ObjectStore, "delete", delete_normalized_key)],
    "other rows' items treated as orphans": [replace(orphans, "_owners", no_owners)],
    "revisions read only if digits": [
        replace(items, "revision_of", revision_of_digits_only),
        replace(dynamodb, "revision_of", revision_of_digits_only),
        replace(marks, "revision_of", revision_of_digits_only),
    ],
    "check reads the ledger before the rows": [
        replace(orphans, "find_orphaned_objects", find_with_an_older_ledger)
    ],
    "unreadable treated as empty": [
        replace(ItemStore, "scan", ending_at_error(ItemStore.scan)),
        replace(ItemStore, "get_many", empty_at_error(ItemStore.get_many, {})),
        replace(ObjectStore, "list", ending_at_error(ObjectStore.list)),
        replace(ObjectStore, "get", empty_at_error(ObjectStore.get, b"")),
    ],
}
