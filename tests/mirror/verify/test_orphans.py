"""Orphans: items and objects that belong to no row."""

from __future__ import annotations

import pytest
from django.utils import timezone

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check
from sessions_app.models import Session
from tests.support.stored import item_of, stored_item
from tests.support.tampering import put_copy_of_item, set_attribute


def test_an_object_under_another_spelling_of_an_id_is_an_orphan(
    mirror: Stores, session: Session
) -> None:
    key = f"transcripts/{str(session.pk).upper()}/1-0.json"
    mirror.objects.put(key, b"{}")
    (finding,) = check.check(mirror).findings
    assert (finding.kind, finding.key) == ("object_orphaned", key)


def test_a_stale_row_with_an_orphan_has_two_findings(mirror: Stores, session: Session) -> None:
    item = item_of(mirror, session.pk)
    put_copy_of_item(mirror, item)
    set_attribute(mirror, item, "name", {"S": "x"})
    kinds = [finding.kind for finding in check.check(mirror).findings]
    assert kinds == ["orphaned", "stale"]


def test_two_items_of_a_row_that_is_gone_are_two_findings(mirror: Stores, session: Session) -> None:
    item = stored_item(mirror, session.pk)
    Session.objects.filter(pk=session.pk).delete()
    worker.drain()
    for number in range(2):
        copy = item | {"pk": {"S": f"camp#{number}"}}
        mirror.items.client.put_item(TableName=mirror.items.table, Item=copy)
        LedgerEntry.objects.filter(object_id=session.pk).update(item_keys=[])
    findings = list(check.check(mirror).findings)
    assert [finding.kind for finding in findings] == ["orphaned"] * 2
    assert len(set(findings)) == 2


def test_an_item_under_a_recorded_key_of_a_parked_row_is_an_orphan(
    mirror: Stores, session: Session
) -> None:
    """As after a move that was given up, and then taken back."""
    item = item_of(mirror, session.pk)
    put_copy_of_item(mirror, item)
    entry = LedgerEntry.objects.get(object_id=session.pk)
    entry.item_keys.append(["camp#elsewhere", item["sk"]])
    entry.revision += 1
    entry.parked_at = timezone.now()
    entry.save()
    (finding,) = check.check(mirror).findings
    assert (finding.kind, finding.key_text) == ("orphaned", f"camp#elsewhere {item['sk']}")


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
