"""What stands in the stores and belongs to no row."""

from __future__ import annotations

from collections.abc import Sequence

from mirror.documents.document import Document
from mirror.documents.items import ENTITY, Item, ItemKey, is_tombstone, key_of
from mirror.documents.registry import documents
from mirror.documents.rows import folders, rows
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.stores.s3 import Listed
from mirror.verify.compare import examine
from mirror.verify.findings import OBJECT_ORPHANED, ORPHANED, Finding


def find_orphaned_objects(
    document: type[Document], listed: Sequence[Listed], stores: Stores
) -> set[Finding]:
    """Return findings for the objects that belong to no row and are not on their way.

    Where documents share a folder, the first of them speaks for all.
    """
    found = set()
    for each in listed:
        folder, object_id = each.key.partition("/")[0], row_id_of(each.key)
        sharing = [other for other in documents() if folder in folders(other)]
        if sharing[0] is not document:
            continue
        alive = any(
            str(pk) == object_id  # an id in another spelling is nobody's
            for other in sharing
            for pk in rows(other, [object_id]).values_list("pk", flat=True)
        )
        labels = [other.mirror_options.label for other in sharing]
        # After the rows: of what is deleted just now the ledger tells that it is on its way.
        owners = LedgerEntry.objects.filter(model__in=labels, object_id=object_id)
        if any(entry.state == "pending" for entry in owners):
            continue
        if not alive and any(again.key == each.key for again in stores.objects.list(each.key)):
            label = owners[0].model if owners else labels[0]
            found.add(Finding(OBJECT_ORPHANED, label, object_id, each.key))
    return found


def find_orphaned_items(page: Sequence[Item], stores: Stores) -> set[Finding]:
    """Return findings for the items of a page that no row accounts for.

    The walk has seen to it that every row has its item where the ledger says: what stands
    elsewhere, or belongs to no row, is examined.
    """
    by_entity = {document.mirror_options.entity: document for document in documents()}
    owned: dict[type[Document], dict[str, list[ItemKey]]] = {}
    found: set[Finding] = set()
    for item in page:
        document = by_entity.get(item.get(ENTITY, {}).get("S", ""))
        object_id = item.get("id", {}).get("S", "")
        if document and object_id:
            owned.setdefault(document, {}).setdefault(object_id, []).append(key_of(item))
        else:
            found |= _foreign(key_of(item), stores)
    for document, keys in owned.items():
        found |= _elsewhere(document, keys, stores)
    return found


def _foreign(key: ItemKey, stores: Stores) -> set[Finding]:
    """Return a finding for an item of no registered model."""
    item = stores.items.get_many([key], consistent=True).get(key)
    if item is None or is_tombstone(item) or _is_of_another(key, "", ""):
        return set()
    return {Finding(ORPHANED, "", " ".join(key), key)}


def _elsewhere(
    document: type[Document], keys: dict[str, list[ItemKey]], stores: Stores
) -> set[Finding]:
    """Return the findings about items whose row is gone, or that stand where none should."""
    label = document.mirror_options.label
    entries = LedgerEntry.objects.filter(model=label, object_id__in=list(keys))
    known = {entry.object_id: {ItemKey(*key) for key in entry.item_keys} for entry in entries}
    alive = {str(pk) for pk in rows(document, keys).values_list("pk", flat=True)}
    found: set[Finding] = set()
    for object_id, seen in keys.items():
        here = set(seen) & known.get(object_id, set())
        strange = {key for key in set(seen) - here if not _is_of_another(key, label, object_id)}
        if strange or (here and object_id not in alive):
            more_keys = sorted(here | strange)
            found.update(examine(document, object_id, stores, more_keys=more_keys).findings)
    return found


def _is_of_another(key: ItemKey, label: str, object_id: str) -> bool:
    """Whether an item stands where the ledger knows another object's: the walk compared it there.

    What it says of itself may have been changed by any hand.
    """
    holders = LedgerEntry.objects.filter(item_keys__contains=[list(key)])
    return holders.exclude(model=label, object_id=object_id).exclude(model="").exists()


def row_id_of(key: str) -> str:
    """Return the id of the object whose folder ``key`` lies in (``folder/<id>/…``)."""
    return key.partition("/")[2].partition("/")[0]
