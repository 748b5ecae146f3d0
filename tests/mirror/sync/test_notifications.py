"""A watching worker wakes at once, whoever made a row due."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from mirror.capture import CHANNEL
from mirror.models import LedgerEntry
from mirror.sync.backfill import enqueue_all
from tests.support.factories import make_campaign


@pytest.fixture
def entry(transactional_db: None, owner: User) -> LedgerEntry:
    make_campaign(owner)
    return LedgerEntry.objects.get()


@pytest.fixture
def listener(entry: LedgerEntry) -> Iterator[psycopg.Connection]:
    """Another connection, which listens as a watching worker does."""
    other = connection.copy()
    other.ensure_connection()
    other.connection.execute(f"LISTEN {CHANNEL}")
    yield other.connection
    other.close()


def notified(listener: psycopg.Connection, *, within: float = 0) -> bool:
    listener.execute("SELECT 1")  # takes in what was sent before
    return bool(list(listener.notifies(timeout=within, stop_after=1)))


def mark(entry: LedgerEntry) -> None:
    LedgerEntry.objects.mark_dirty(entry.model, entry.object_id)


def backfill(entry: LedgerEntry) -> None:
    enqueue_all()


def retry(entry: LedgerEntry) -> None:
    LedgerEntry.objects.retry()


@pytest.mark.parametrize("make_due", [mark, backfill, retry])
def test_a_row_made_due_wakes_the_worker_on_commit(
    entry: LedgerEntry, listener: psycopg.Connection, make_due: Callable[[LedgerEntry], None]
) -> None:
    assert not notified(listener)
    with transaction.atomic():
        make_due(entry)
        assert not notified(listener)
    assert notified(listener, within=10)


@pytest.mark.parametrize("make_due", [mark, backfill, retry])
def test_what_is_rolled_back_wakes_nobody(
    entry: LedgerEntry, listener: psycopg.Connection, make_due: Callable[[LedgerEntry], None]
) -> None:
    with transaction.atomic():
        make_due(entry)
        transaction.set_rollback(True)
    assert not notified(listener)
