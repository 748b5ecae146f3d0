"""A watching worker finds what is due by itself, and soon: no writer has to tell it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.backfill import enqueue_all
from mirror.sync.breaker import breaker
from tests.faults.threads import running_in_thread


@pytest.fixture
def idle(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Semaphore]:
    """A watching worker that has mirrored everything, and each time that it goes to sleep."""
    worker.drain()
    stop, idle, sleep = threading.Event(), threading.Semaphore(0), worker._sleep

    def note_and_sleep(event: threading.Event) -> None:
        idle.release()
        sleep(event)

    monkeypatch.setattr(worker, "_sleep", note_and_sleep)
    with running_in_thread(worker.Worker(stop=stop).watch):
        try:
            assert idle.acquire(timeout=30)
            yield idle
        finally:
            stop.set()


def save(entry: LedgerEntry) -> None:
    Campaign.objects.get(pk=entry.object_id).save()


def mark(entry: LedgerEntry) -> None:
    LedgerEntry.objects.mark_dirty(entry.model, entry.object_id)


def backfill(entry: LedgerEntry) -> None:
    enqueue_all()


def retry(entry: LedgerEntry) -> None:
    LedgerEntry.objects.filter(pk=entry.pk).update(revision=9, parked_at=entry.owed_since)
    LedgerEntry.objects.retry()


@pytest.mark.parametrize("make_due", [save, mark, backfill, retry])
def test_whatever_becomes_due_is_mirrored(
    idle: threading.Semaphore, make_due: Callable[[LedgerEntry], None]
) -> None:
    make_due(LedgerEntry.objects.get())
    limit = time.monotonic() + 30
    while LedgerEntry.objects.owed().exists():
        assert time.monotonic() < limit
        assert idle.acquire(timeout=30)


def test_a_worker_looks_several_times_a_second_and_less_often_in_an_outage(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, waits = threading.Event(), list[float]()
    monkeypatch.setattr(stop, "wait", waits.append)
    worker._sleep(stop)
    breaker.open.add("S3")
    worker._sleep(stop)
    breaker.open.clear()
    assert waits == [worker.POLL, 5.0]
    assert worker.POLL < 0.3  # so soon a change is mirrored


@pytest.mark.usefixtures("transactional_db")
def test_the_triggers_notify_nobody() -> None:
    """NOTIFY holds one lock of the whole server while a commit is flushed to the disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname LIKE 'mirror_mark%dirty'")
        sources = [source for (source,) in cursor.fetchall()]
    assert len(sources) == 2
    assert not any("notify" in source.lower() for source in sources)
