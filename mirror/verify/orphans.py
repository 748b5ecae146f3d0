"""Orphans: items and objects in the stores that belong to no row."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mirror.documents.document import Document
from mirror.documents.ids import decode_id, encode_id
from mirror.documents.items import Item, ItemKey, is_tombstone, key_of
from mirror.documents.registry import documents
from mirror.documents.rows import folders, rows
from mirror.models import LedgerEntry, State
from mirror.models.due import ORPHAN_MODEL
from mirror.stores.clients import Stores
from mirror.stores.s3 import Listed
from mirror.verify.compare import examine, find_strays
from mirror.verify.findings import OBJECT_ORPHANED, ORPHANED, Finding


def find_orphaned_objects(
    document: type[Document], listed: Sequence[Listed], stores: Stores
) -> set[Finding]:
    """Return findings for the listed objects that belong to no row, pending or not.

    An object that the worker will remove is none: the ledger knows it.

    If several documents share a folder, its objects are examined with the first of them only.
    """
    findings = set()
    for listed_object in listed:
        key = listed_object.key
        folder, object_id = key.partition("/")[0], row_id_of(key)
        sharing = [other for other in documents() if folder in folders(other)]
        if sharing[0] is not document:
            continue
        labels = [other.mirror_options.label for other in sharing]
        if owner_of(key) is None:
            findings.add(Finding(OBJECT_ORPHANED, labels[0], object_id, key))
            continue
        has_row = any(
            str(pk) == object_id  # an object under another spelling of the id belongs to no row
            for other in sharing
            for pk in rows(other, [object_id]).values_list("pk", flat=True)
        )
        # Read after the rows: if a row was deleted in between, its entry is pending.
        entries = LedgerEntry.objects.filter(model__in=labels, object_id=object_id)
        if any(e.state == State.PENDING or key in e.scheduled_removals for e in entries):
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
    registered = documents()
    keys_of_rows: dict[type[Document], dict[str, set[ItemKey]]] = {}
    nameless: list[ItemKey] = []
    for item in page:
        document = next((each for each in registered if each.mirror_options.has(item)), None)
        object_id = item.get("id", {}).get("S", "")
        if document and object_id and "\0" not in object_id:
            keys_of_rows.setdefault(document, {}).setdefault(object_id, set()).add(key_of(item))
        else:
            nameless.append(key_of(item))
    findings = _examine_nameless_items(nameless, stores) if nameless else set()
    for document, keys in keys_of_rows.items():
        findings |= _examine_unaccounted_items(document, keys, stores)
    return findings


def _examine_nameless_items(keys: Sequence[ItemKey], stores: Stores) -> set[Finding]:
    """Return findings for items that name no row of a registered model, if they are orphans."""
    items = stores.items.get_many(keys, consistent=True)
    live = [key for key, item in items.items() if not is_tombstone(item)]
    owners = _owners(live)
    return {
        Finding(ORPHANED, ORPHAN_MODEL, " ".join(key), key) for key in live if not owners.get(key)
    }


def _examine_unaccounted_items(
    document: type[Document], keys: dict[str, set[ItemKey]], stores: Stores
) -> set[Finding]:
    """Examine the rows whose items have no row, or lie under keys that are not recorded.

    ``keys`` are the primary keys of the items that were found, by the id of the row they name.
    """
    label = document.mirror_options.label
    entries = LedgerEntry.objects.filter(model=label, object_id__in=list(keys))
    recorded = {entry.object_id: {ItemKey(*key) for key in entry.item_keys} for entry in entries}
    ids_of_rows = {str(pk) for pk in rows(document, keys).values_list("pk", flat=True)}
    strange = {name: found - recorded.get(name, set()) for name, found in keys.items()}
    owners = _owners(set().union(*strange.values()))
    findings: set[Finding] = set()
    for object_id, found_keys in keys.items():
        known = found_keys - strange[object_id]
        unknown = {
            key for key in strange[object_id] if not owners.get(key, set()) - {(label, object_id)}
        }
        if unknown:
            findings.update(find_strays(document, object_id, unknown, stores))
        if known and object_id not in ids_of_rows:
            examination = examine(document, object_id, stores)
            # No more than these items: the walk finds whatever else differs.
            findings.update(
                found
                for found in examination.findings
                if found.kind == ORPHANED and found.key in known
            )
    return findings


def _owners(keys: Collection[ItemKey]) -> dict[ItemKey, set[tuple[str, str]]]:
    """Return the rows, as model and id, for which the ledger records each of these keys.

    The walk compares them with what lies there, or they are pending. The item may name a wrong
    row: anybody may have changed its attributes. Its key ends with the row's id, see
    ``Document.keys``; so only the entries of such ids are read.
    """
    ids = {decode_id(part.rpartition("#")[2]) for key in keys for part in key}
    ids = {object_id for object_id in ids if "\0" not in object_id}  # no text of PostgreSQL's
    owners: dict[ItemKey, set[tuple[str, str]]] = {}
    if ids:
        models = LedgerEntry.objects.models()
        entries = list(LedgerEntry.objects.filter(model__in=models, object_id__in=ids))
        gone = _gone(entries)
        for entry in entries:
            for key in entry.item_keys if entry not in gone else ():
                owners.setdefault(ItemKey(*key), set()).add((entry.model, entry.object_id))
    return owners


def _gone(entries: Sequence[LedgerEntry]) -> set[LedgerEntry]:
    """Return the entries of rows that are gone and about which nothing is on its way."""
    gone = set[LedgerEntry]()
    for document in documents():
        label = document.mirror_options.label
        still = {e.object_id: e for e in entries if e.model == label and e.state != State.PENDING}
        present = {str(pk) for pk in rows(document, still).values_list("pk", flat=True)}
        gone |= {entry for object_id, entry in still.items() if object_id not in present}
    return gone


def owner_of(key: str) -> str | None:
    """Return the id of the row to which the object ``key`` may belong; None if it can be no row's.

    A folder that no id is written as, such as another spelling of one, is none.
    """
    object_id = row_id_of(key)
    return object_id if encode_id(object_id) == row_folder_of(key) else None


def row_folder_of(key: str) -> str:
    """Return the part of an object's key that stands for its row (``folder/<id>/…``)."""
    return key.partition("/")[2].partition("/")[0]


def row_id_of(key: str) -> str:
    """Return the id of the row in whose folder the object ``key`` lies."""
    return decode_id(row_folder_of(key))
