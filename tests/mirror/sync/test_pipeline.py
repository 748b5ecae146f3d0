"""Many attempts at a time: none stops the others, none is claimed twice, memory is bounded."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now

from campaigns.models import Campaign
from mirror.errors import Failure, Kind, StoreError
from mirror.models import LedgerEntry, Outage, State
from mirror.stores.clients import Stores
from mirror.stores.s3 import ObjectStore
from mirror.sync import pipeline, worker
from mirror.sync.breaker import breaker
from mirror.sync.engine import Outcome, prepare
from mirror.sync.pipeline import Pipeline
from tests.support.factories import TRANSCRIPT, make_campaign, make_session, make_sessions
from tests.support.locks import locked
from tests.support.stored import assert_equal, live_items


def new_pipeline() -> Pipeline:
    return Pipeline(stop=threading.Event(), progress=bool)


@pytest.mark.parametrize(("limit", "largest"), [(0, 1), (10**9, 4)])
def test_rows_are_read_together_only_if_they_fit_in_memory(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch, limit: int, largest: int
) -> None:
    make_sessions(owner, 4, transcript_text=TRANSCRIPT)
    portions: list[int] = []

    def count(entries: Sequence[LedgerEntry], *arguments: Any) -> Any:
        portions.append(len(entries))
        return prepare(entries, *arguments)

    monkeypatch.setattr(pipeline, "prepare", count)
    monkeypatch.setattr(pipeline, "READ_AT_ONCE", limit)
    assert worker.mirror_due() == {Outcome.MIRRORED: 4}
    assert max(portions) == largest


def test_a_row_that_python_takes_for_false_is_not_deleted(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_campaign(owner)
    monkeypatch.setattr(Campaign, "__bool__", lambda self: False, raising=False)
    assert worker.drain().complete
    assert len(live_items(mirror)) == 1


def test_what_is_under_way_is_not_claimed_again_when_its_lease_is_over(
    mirror: Stores, owner: User
) -> None:
    make_sessions(owner, 3)
    with new_pipeline() as line:
        line.add(LedgerEntry.objects.due().claim(3), mirror)
        LedgerEntry.objects.update(claimed_until="2000-01-01T00:00Z")
        assert len(LedgerEntry.objects.due()) == 3
        worker.Worker()._claim(line)
        assert len(line.under_way) == 3
        while line.is_busy():
            line.advance(timeout=1)
    assert_equal(mirror)


def test_a_late_upload_is_noted_once_the_row_is_free(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the transaction that holds it."""
    make_session(owner, transcript_text=TRANSCRIPT)
    (entry,) = LedgerEntry.objects.due().claim(1)
    put = ObjectStore.put

    def put_and_lose_the_claim(self: ObjectStore, key: str, content: bytes) -> None:
        put(self, key, content)
        LedgerEntry.objects.update(claim=uuid4())
        connection.close()

    monkeypatch.setattr(ObjectStore, "put", put_and_lose_the_claim)
    with new_pipeline() as line:
        line.add([entry], mirror)
        with (
            mock.patch.object(pipeline, "settle", return_value=[]),
            pytest.raises(ValueError, match="zip"),
        ):
            line.advance(timeout=30)  # only the calls to the stores
        with locked(entry):
            assert line.advance(timeout=0) == {}
            assert line.is_busy()
        assert line.advance(timeout=0) == {Outcome.OVERTAKEN: 1}
        assert not line.is_busy()
    entry.refresh_from_db()
    assert entry.sweep_at
    assert not any(state.in_use for state in entry.key_states.values())


@pytest.fixture
def late(mirror: Stores, owner: User) -> Iterator[tuple[Pipeline, LedgerEntry]]:
    """An attempt whose claim was lost after its upload, and that has not been settled."""
    make_session(owner, transcript_text=TRANSCRIPT)
    (entry,) = LedgerEntry.objects.due().claim(1)
    with new_pipeline() as line:
        line.add([entry], mirror)
        (attempt,) = prepare([entry], breaker)
        attempt.carry_out(mirror)
        LedgerEntry.objects.update(claim=uuid4())
        line._claimed.clear()
        line._unsettled.append(attempt)
        yield line, entry


def test_a_late_upload_does_not_keep_the_worker_spinning_while_its_row_is_held(
    late: tuple[Pipeline, LedgerEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    line, entry = late
    pauses: list[float] = []
    with locked(entry):
        line.advance(timeout=0)
        monkeypatch.setattr(time, "sleep", pauses.append)
        line.advance(timeout=1)
    assert pipeline.SETTLED_AFTER in pauses


def test_a_late_upload_of_an_entry_that_is_gone_is_settled(
    late: tuple[Pipeline, LedgerEntry],
) -> None:
    line, _ = late
    LedgerEntry.objects.all().delete()
    assert line.advance(timeout=0) == {Outcome.OVERTAKEN: 1}
    assert not line.is_busy()


def test_a_probe_that_may_not_be_sent_is_not_followed_by_others(
    mirror: Stores, owner: User
) -> None:
    """Its partition rests, so it fails at once; the next is due some seconds later."""
    make_campaign(owner)
    busy = Failure(Kind.BUSY, "Throttled", store="DynamoDB")
    for partition in (f"user#{owner.pk}", "user#x", "user#y"):
        breaker.failed(busy, partition)
    one = worker.Worker()
    one.mirror_due()
    attempts = LedgerEntry.objects.get().attempts
    for _ in range(5):
        LedgerEntry.objects.update(next_attempt_at="2000-01-01T00:00Z")
        one.mirror_due()
    assert Outage.objects.open().exists()
    assert LedgerEntry.objects.get().attempts == attempts


def test_a_watch_goes_on_while_there_are_no_clients(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it is to probe meanwhile whether the store is back."""
    monkeypatch.setattr(worker, "PROBE_INTERVAL", timedelta(milliseconds=20))
    make_campaign(owner)
    stop = threading.Event()
    asked: list[int] = []

    def fail_five_times() -> Stores:
        asked.append(1)
        if 1 < len(asked) < 7:  # the first question is asked at the start
            Outage.objects.open().update(probe_at=Now())
            raise StoreError(Failure(Kind.UNREACHABLE, "NoCredentials", store="DynamoDB"))
        return mirror

    def watch() -> None:
        worker.Worker(stop=stop).watch()
        connection.close()

    monkeypatch.setattr(worker, "background_clients", fail_five_times)
    thread = threading.Thread(target=watch)
    thread.start()
    limit = time.monotonic() + 30
    while LedgerEntry.objects.get().state != State.MIRRORED and time.monotonic() < limit:
        time.sleep(0.05)
    stop.set()
    thread.join(30)
    assert LedgerEntry.objects.get().state == State.MIRRORED
    assert len(asked) > 6
