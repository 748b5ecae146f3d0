"""A new store is filled, however its creation was interrupted."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.contrib.auth.models import User

from mirror.errors import StoreError
from mirror.models import LedgerEntry, StoreFill
from mirror.stores import clients
from mirror.stores.clients import Stores
from mirror.sync import backfill, worker
from mirror.sync.backfill import provision_and_enqueue
from tests.support.factories import make_session
from tests.support.stored import assert_equal


@pytest.fixture
def empty(aws_address: str, transactional_db: None, owner: User) -> Stores:
    """No table, no bucket, and a row that was mirrored to others before."""
    make_session(owner, transcript_text="MATT: hello")
    LedgerEntry.objects.update(mirrored_revision=1)
    return clients.background_clients()


def refuse(*_: Any, **__: Any) -> Any:
    raise ClientError({"Error": {"Code": "AccessDenied"}}, "UpdateTimeToLive")


def test_a_right_that_is_missing_in_between_leaves_no_store_empty(
    empty: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    provision_and_enqueue(empty)
    worker.drain()
    empty.items.client.delete_table(TableName=empty.items.table)
    with monkeypatch.context() as denied:
        denied.setattr(empty.items.client, "update_time_to_live", refuse)
        with pytest.raises(StoreError):
            provision_and_enqueue(empty)
    assert "1 row is enqueued for the new store" in provision_and_enqueue(empty)[-1]
    assert worker.drain().complete
    assert_equal(empty)


def test_an_interruption_before_the_rows_are_enqueued_is_made_good(
    empty: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**_: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(backfill, "enqueue_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            provision_and_enqueue(empty)
    assert StoreFill.objects.outstanding().count() == 2
    assert "1 row is enqueued" in provision_and_enqueue(empty)[-1]
    assert provision_and_enqueue(empty) == []
    assert worker.drain().complete
    assert_equal(empty)


def test_a_store_that_is_created_once_more_is_filled_once_more(empty: Stores) -> None:
    provision_and_enqueue(empty)
    worker.drain()
    empty.items.client.delete_table(TableName=empty.items.table)
    assert "1 row is enqueued" in provision_and_enqueue(empty)[-1]
    assert worker.drain().complete
    assert_equal(empty)
