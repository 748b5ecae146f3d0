"""Orphans: items and objects that belong to no row."""

from __future__ import annotations

import pytest

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.verify import check
from sessions_app.models import Session


def test_an_object_under_another_spelling_of_an_id_is_an_orphan(
    mirror: Stores, session: Session
) -> None:
    key = f"transcripts/{str(session.pk).upper()}/1-0.json"
    mirror.objects.put(key, b"{}")
    (finding,) = check.check(mirror).findings
    assert (finding.kind, finding.key) == ("object_orphaned", key)


def test_items_of_a_model_that_is_not_registered_any_more_are_no_orphans(
    mirror: Stores, session: Session
) -> None:
    put(mirror, "shelf#1", "book#7", __edb_e__="book", id="7")
    LedgerEntry.objects.create(
        model="library.book", object_id="7", mirrored_revision=1, item_keys=[["shelf#1", "book#7"]]
    )
    assert not check.check(mirror).findings


@pytest.mark.parametrize("sk", ["anything", "book#=00", "book#\0"])
def test_an_item_under_an_odd_key_is_an_orphan(mirror: Stores, session: Session, sk: str) -> None:
    """Whatever the key, which the ledger may not even be able to hold."""
    put(mirror, "shelf#1", sk)
    (finding,) = check.check(mirror).findings
    assert (finding.kind, finding.key) == ("orphaned", ("shelf#1", sk))


def put(stores: Stores, pk: str, sk: str, **attributes: str) -> None:
    """Put an item with these attributes, past the mirror."""
    item = {name: {"S": value} for name, value in {"pk": pk, "sk": sk, **attributes}.items()}
    stores.items.client.put_item(TableName=stores.items.table, Item=item)
