"""Inline dispatch mirrors a row within the request; otherwise the row stays pending."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

import mirror as mirror_app
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import dispatch
from mirror.sync.reading import stored_sizes
from mirror.sync.worker import Worker
from sessions_app.models import Session
from tests.support.factories import make_campaign
from tests.support.stored import assert_equal, assert_equal_after_sync, item_of, live_items


def test_inline_dispatch_mirrors_before_the_save_returns(
    mirror: Stores, session: Session, inline: None
) -> None:
    session.notes = "now"
    session.save()
    assert item_of(mirror, session.pk)["notes"] == "now"
    assert not LedgerEntry.objects.filter(object_id=session.pk).pending().exists()


def test_inline_dispatch_leaves_a_large_row_to_the_worker(
    mirror: Stores, session: Session, inline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A web server has several threads, and Python takes many times what PostgreSQL does."""
    monkeypatch.setattr(dispatch, "LARGEST", 5_000)
    session.notes = "".join(
        chr(33 + number % 90) for number in random.Random(1).sample(range(9999), 9000)
    )
    session.save()
    assert live_items(mirror) == []
    assert_equal_after_sync(mirror)


@pytest.mark.parametrize("field", ["transcript_text", "transcript_json"])
def test_inline_dispatch_leaves_a_row_to_the_worker_that_is_large_when_it_is_unpacked(
    mirror: Stores, session: Session, inline: None, field: str
) -> None:
    words: Any = ["word"] * 600_000
    setattr(session, field, words if field == "transcript_json" else " ".join(words) * 2)
    session.save()
    (entry,) = LedgerEntry.objects.filter(object_id=session.pk)
    assert stored_sizes([entry])[entry.model, entry.object_id] < dispatch.LARGEST
    assert live_items(mirror) == []
    assert_equal_after_sync(mirror)


def test_inline_dispatch_leaves_a_deletion_to_the_worker(
    mirror: Stores, session: Session, inline: None
) -> None:
    session.delete()
    assert LedgerEntry.objects.pending().count() >= 1
    Worker().drain()
    assert not [item for item in live_items(mirror) if item["__edb_e__"] == "session"]


def test_inline_dispatch_mirrors_before_the_request_is_answered(
    mirror: Stores, admin_client: Client, owner: User, inline: None
) -> None:
    answer = admin_client.post(
        "/admin/campaigns/campaign/add/", {"owner": owner.pk, "name": "By admin"}
    )
    assert answer.status_code == 302
    assert [item["name"] for item in live_items(mirror)] == ["By admin"]
    assert_equal(mirror)


def test_worker_dispatch_makes_no_call_to_aws(mirror: Stores, session: Session) -> None:
    session.save()
    assert live_items(mirror) == []


def test_a_row_saved_in_a_paused_block_waits_for_the_next_drain(
    mirror: Stores, owner: User, inline: None
) -> None:
    with mirror_app.paused():
        campaign = make_campaign(owner)
        with mirror_app.paused():
            pass
        campaign.save()
    assert live_items(mirror) == []
    assert_equal_after_sync(mirror)


def test_a_row_saved_while_the_mirror_is_off_stays_pending(
    mirror: Stores, owner: User, settings: Settings, inline: None
) -> None:
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    make_campaign(owner)
    assert live_items(mirror) == []
    assert LedgerEntry.objects.pending().count() == 1
