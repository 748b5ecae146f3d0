"""Orphans: items and objects in the stores that belong to no row."""

from __future__ import annotations

from collections.abc import Sequence

from mirror.documents.document import Document
from mirror.documents.ids import decode_id
from mirror.documents.items import ENTITY, Item, ItemKey, is_tombstone, key_of
from mirror.documents.registry import documents
from mirror.documents.rows import folders, rows
from mirror.models import LedgerEntry, State
from mirror.models.due import ORPHAN_MODEL
from mirror.stores.clients import Stores
from mirror.stores.s3 import Listed
from mirror.verify.compare import examine
from mirror.verify.findings import OBJECT_ORPHANED, ORPHANED, Finding


def find_orphaned_objects(
    document: type[Document], listed: Sequence[Listed], stores: Stores
) -> set[Finding]:
    """Return findings for the listed objects that belong to no row, pending or not.

    If several documents share a folder, its objects are examined with the first of them only.
    """
    findings = set()
    for listed_object in listed:
        key = listed_object.key
        folder, object_id = key.partition("/")[0], row_id_of(key)
        sharing = [other for other in documents() if folder in folders(other)]
        if sharing[0] is not document:
            continue
        has_row = any(
            str(pk) == object_id  # an object under another spelling of the id belongs to no row
            for other in sharing
            for pk in rows(other, [object_id]).values_list("pk", flat=True)
        )
        labels = [other.mirror_options.label for other in sharing]
        # Read after the rows: if a row was deleted in between, its entry is pending.
        entries = LedgerEntry.objects.filter(model__in=labels, object_id=object_id)
        if any(entry.state == State.PENDING for entry in entries):
            continue
        if not has_row and any(found.key == key for found in stores.objects.list(key)):
            label = entries[0].model if entries else labels[0]
            findings.add(Finding(OBJECT_ORPHANED, label, object_id, key))
    return findings


def find_orphaned_items(page: Sequence[Item], stores: Stores) -> set[Finding]:
    """Return findings for the items of a page that no row accounts for.

    The walk through the rows has compared each row with the items under the keys that the ledger
    records. So only items under other keys, and items without a row, are examined here.
    """
    by_entity = {document.mirror_options.entity: document for document in documents()}
    keys_of_rows: dict[type[Document], dict[str, list[ItemKey]]] = {}
    findings: set[Finding] = set()
    for item in page:
        document = by_entity.get(item.get(ENTITY, {}).get("S", ""))
        object_id = item.get("id", {}).get("S", "")
        if document and object_id:
            keys_of_rows.setdefault(document, {}).setdefault(object_id, []).append(key_of(item))
        else:
            findings |= _examine_unknown_item(key_of(item), stores)
    for document, keys in keys_of_rows.items():
        findings |= _examine_unaccounted_items(document, keys, stores)
    return findings


def _examine_unknown_item(key: ItemKey, stores: Stores) -> set[Finding]:
    """Return a finding for an item that names no row of a registered model, if it is an orphan."""
    item = stores.items.get_many([key], consistent=True).get(key)
    if item is None or is_tombstone(item) or _belongs_to_another_row(key, ORPHAN_MODEL, ""):
        return set()
    return {Finding(ORPHANED, ORPHAN_MODEL, " ".join(key), key)}


def _examine_unaccounted_items(
    document: type[Document], keys: dict[str, list[ItemKey]], stores: Stores
) -> set[Finding]:
    """Examine the rows whose items have no row, or lie under keys that are not recorded.

    ``keys`` are the primary keys of the items that were found, by the id of the row they name.
    """
    label = document.mirror_options.label
    entries = LedgerEntry.objects.filter(model=label, object_id__in=list(keys))
    recorded = {entry.object_id: {ItemKey(*key) for key in entry.item_keys} for entry in entries}
    ids_of_rows = {str(pk) for pk in rows(document, keys).values_list("pk", flat=True)}
    findings: set[Finding] = set()
    for object_id, found_keys in keys.items():
        known = set(found_keys) & recorded.get(object_id, set())
        unknown = {
            key
            for key in set(found_keys) - known
            if not _belongs_to_another_row(key, label, object_id)
        }
        if unknown or (known and object_id not in ids_of_rows):
            more_keys = sorted(known | unknown)
            findings.update(examine(document, object_id, stores, more_keys=more_keys).findings)
    return findings


def _belongs_to_another_row(key: ItemKey, label: str, object_id: str) -> bool:
    """Whether the ledger records this key for another row, which the walk has compared with it.

    The item may name a wrong row: anybody may have changed its attributes.
    """
    entries = LedgerEntry.objects.filter(item_keys__contains=[list(key)])
    others = entries.exclude(model=label, object_id=object_id).exclude(model=ORPHAN_MODEL)
    return others.exists()


def row_folder_of(key: str) -> str:
    """Return the part of an object's key that stands for its row (``folder/<id>/…``)."""
    return key.partition("/")[2].partition("/")[0]


def row_id_of(key: str) -> str:
    """Return the id of the row in whose folder the object ``key`` lies."""
    return decode_id(row_folder_of(key))
