"""Differences that something else might hide: another spelling, an odd key, a row on its way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Campaign
from mirror.documents.ids import decode_id, encode_id
from mirror.models import LedgerEntry
from mirror.pause import paused
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check
from mirror.verify.report import Part, Scope
from sessions_app.models import Session
from tests.support.factories import make_campaign
from tests.support.stored import item_of
from tests.support.tampering import put_copy_of_item, remove_attribute, set_attribute


def kinds(mirror: Stores, scope: Scope | None = None) -> list[str]:
    report = check.check(mirror, scope or Scope())
    return sorted(finding.kind for finding in report.findings)


@pytest.mark.parametrize("scope", [Scope(), Scope(sample=99.99)])
def test_a_live_item_that_will_expire_is_stale(
    mirror: Stores, session: Session, scope: Scope
) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "expiresAt", {"N": "4000000000"})
    assert kinds(mirror, scope) == ["stale"]


def test_an_item_of_no_key_is_found_beside_a_row_on_its_way(
    mirror: Stores, session: Session
) -> None:
    put_copy_of_item(mirror, item_of(mirror, session.pk))
    session.name = "changed"
    with paused():
        session.save()
    assert kinds(mirror) == ["orphaned"]


def test_an_item_of_no_key_is_found_though_its_row_is_mirrored_before_it_is_walked(
    mirror: Stores, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_copy_of_item(mirror, item_of(mirror, session.pk))
    session.name = "changed"
    with paused():
        session.save()
    walk = check.Job.walk

    def after_a_drain(*arguments: Any) -> Iterator[Part]:
        worker.drain()
        yield from walk(*arguments)

    monkeypatch.setattr(check.Job, "walk", after_a_drain)
    assert kinds(mirror) == ["orphaned"]


def test_an_object_under_another_spelling_of_a_plain_id_is_an_orphan(
    mirror: Stores, session: Session
) -> None:
    mirror.objects.put(f"transcripts/={str(session.pk).encode().hex()}/1-0.json", b"{}")
    assert kinds(mirror) == ["object_orphaned"]


@pytest.mark.parametrize("folder", ["=00", "=c3a9ff", "=C3A9", "=", "é", "A"])
def test_an_object_in_an_odd_folder_is_an_orphan_and_ends_no_check(
    mirror: Stores, session: Session, folder: str
) -> None:
    mirror.objects.put(f"transcripts/{folder}/x.json", b"{}")
    assert kinds(mirror) == ["object_orphaned"]


def test_an_item_with_an_impossible_id_is_an_orphan_and_ends_no_check(
    mirror: Stores, session: Session
) -> None:
    item = {"pk": "camp#1", "sk": "sess#2", "__edb_e__": "session", "id": "\0"}
    mirror.items.client.put_item(
        TableName=mirror.items.table, Item={name: {"S": value} for name, value in item.items()}
    )
    assert kinds(mirror) == ["orphaned"]


@pytest.fixture
def deleted(mirror: Stores, owner: User) -> Campaign:
    """A campaign that is gone, and whose item, which does not tell its id, is still there."""
    campaign = make_campaign(owner)
    worker.drain()
    remove_attribute(mirror, item_of(mirror, campaign.pk), "id")
    with paused():
        Campaign.objects.filter(pk=campaign.pk).delete()
    return campaign


def test_a_nameless_item_of_a_parked_deletion_is_an_orphan(
    mirror: Stores, deleted: Campaign
) -> None:
    LedgerEntry.objects.update(parked_at=timezone.now())
    assert kinds(mirror) == ["orphaned"]


def test_a_nameless_item_of_a_deletion_on_its_way_is_none(
    mirror: Stores, deleted: Campaign
) -> None:
    assert kinds(mirror) == []


@pytest.mark.parametrize("text", ["rock", "Rock", "é", "", "=3331", "a/b", "..", "\\"])
def test_an_id_has_one_spelling(text: str) -> None:
    encoded = encode_id(text)
    assert decode_id(encoded) == text
    other = "=" + text.encode().hex().upper()
    assert other == encoded or decode_id(other) != text
