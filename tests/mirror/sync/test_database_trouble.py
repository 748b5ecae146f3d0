"""Trouble of the database, or of a deploy, parks no row, and the worker reports it once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction

from mirror.documents import unreadable
from mirror.models import LedgerEntry, State
from mirror.stores.clients import Stores
from mirror.sync import engine, reading, worker
from mirror.sync.breaker import breaker
from tests.support.factories import make_campaign, make_sessions


def test_a_lost_database_parks_nothing(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_campaign(owner)

    def fail(*_: object) -> None:
        raise OperationalError

    with monkeypatch.context() as lost:
        lost.setattr(unreadable, "rows", fail)
        for _ in range(4):
            with pytest.raises(OperationalError):
                worker.mirror_due()
            LedgerEntry.objects.update(claim=None, claimed_until=None)
    entry = LedgerEntry.objects.get()
    assert (entry.state, entry.attempts) == (State.PENDING, 0)
    assert worker.drain().complete


def test_the_worker_reports_a_silent_database_once_and_its_return(
    mirror: Stores,
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop, failures = threading.Event(), 3
    refresh = breaker.refresh

    def refuse() -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise OperationalError("password authentication failed for user PRIVATE")
        refresh()

    monkeypatch.setattr(breaker, "refresh", refuse)
    monkeypatch.setattr(stop, "wait", lambda seconds=None: time.sleep(0))
    monkeypatch.setattr(worker, "_sleep", lambda event: event.set())
    with caplog.at_level(logging.WARNING, logger="mirror"):
        worker.Worker(stop=stop).watch()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "OperationalError" in caplog.text
    assert "PRIVATE" not in caplog.text


def test_a_save_with_autocommit_off_is_left_to_the_worker(
    mirror: Stores, owner: User, inline: None
) -> None:
    campaign = make_campaign(owner)
    transaction.set_autocommit(False)
    try:
        campaign.name = "saved without autocommit"
        campaign.save()
        connection.commit()
    finally:
        transaction.set_autocommit(True)
    assert LedgerEntry.objects.get().state == State.PENDING
    assert worker.drain().complete


@pytest.fixture
def poison(mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch) -> LedgerEntry:
    """The second of five rows: whoever reads it loses the database."""
    make_sessions(owner, 5)
    second = LedgerEntry.objects.order_by("pk")[1]
    read = reading.read

    def lose_database(entries: Sequence[LedgerEntry]) -> Any:
        if second in entries:
            raise OperationalError
        return read(entries)

    monkeypatch.setattr(engine, "read", lose_database)
    return second


def test_a_drain_that_loses_the_database_gives_the_other_claims_back(
    poison: LedgerEntry,
) -> None:
    with pytest.raises(OperationalError):
        worker.drain()
    unread = LedgerEntry.objects.filter(pk__gt=poison.pk)
    assert unread.due().filter(claim=None).count() == 3
    assert LedgerEntry.objects.get(pk=poison.pk).claim  # its lease is its back-off


def test_a_watch_mirrors_the_others_once_the_database_answers(
    poison: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    mirrored = LedgerEntry.objects.filter(mirrored_revision=1)

    def end_when_mirrored(event: threading.Event) -> None:
        if mirrored.count() == 4:  # all but the one that lost the database
            event.set()
        time.sleep(0.05)

    monkeypatch.setattr(worker, "_sleep", end_when_mirrored)
    monkeypatch.setattr("mirror.models.claims.LEASE", timedelta(days=1))

    def watch() -> None:
        worker.Worker(stop=stop).watch()
        connection.close()

    watching = threading.Thread(target=watch)
    watching.start()
    watching.join(30)
    stop.set()
    watching.join()
    assert mirrored.count() == 4
