"""The worker: claims of several threads and processes, parked rows, the rate, and when it ends."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Campaign
from mirror.models import LedgerEntry, LedgerQuerySet
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import ItemStore
from mirror.sync import worker
from mirror.sync.engine import Outcome
from mirror.sync.pipeline import Pipeline
from tests.support.factories import TRANSCRIPT, make_campaign, make_session, make_sessions
from tests.support.locks import locked
from tests.support.stored import assert_equal, assert_equal_after_sync, live_items


def test_the_threads_of_a_drain_leave_no_claim_behind(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 200, transcript_text=TRANSCRIPT)
    assert worker.drain().complete
    assert not LedgerEntry.objects.exclude(claim=None).exists()
    assert_equal(mirror)


def test_a_drain_waits_for_the_claim_of_a_dead_worker(
    mirror: Stores, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirror.models.claims.LEASE", timedelta(seconds=1))
    assert len(LedgerEntry.objects.due().claim(1)) == 1
    assert LedgerEntry.objects.due().claim(1) == []
    assert_equal_after_sync(mirror)


def test_a_drain_ends_if_every_attempt_is_overtaken(
    mirror: Stores, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 1.0)
    monkeypatch.setattr(LedgerQuerySet, "acknowledge", lambda self, notes: set())
    drained = worker.drain()
    assert (drained.mirrored, drained.backlog.pending) == (0, 1)


def test_a_locked_entry_is_not_polled_without_a_pause(mirror: Stores, campaign: Campaign) -> None:
    with locked(LedgerEntry.objects.get()):
        assert not worker.mirror_due()
        wait = worker._seconds_until_due()
    assert wait is not None
    assert wait >= worker.SOONEST


def test_a_row_that_cannot_be_mirrored_is_parked_and_delays_no_other(
    mirror: Stores, campaign: Campaign, admin_client: Client
) -> None:
    bad = make_session(campaign.owner, metrics={"totalWordCount": 10**40 + 1})
    make_sessions(campaign.owner, 50, campaign)
    drained = worker.drain()
    assert (drained.mirrored, drained.backlog.parked, drained.complete) == (51, 1, False)
    assert len(live_items(mirror)) == 51

    page = admin_client.get("/admin/mirror/ledgerentry/", {"state": "parked"}).content.decode()
    assert str(bad.pk) in page
    assert "NumberTooManyDigits" in page
    listed = admin_client.get("/admin/sessions_app/session/", {"mirror": "parked"})
    assert listed.context["cl"].result_count == 1

    bad.metrics = {"totalWordCount": 1}
    bad.save()
    assert_equal_after_sync(mirror)


def test_a_drain_keeps_to_its_rate(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sessions(owner, 20, make_campaign(owner))
    waits: list[float] = []
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", waits.append)
    drained = worker.Worker(stop=stop, rate=0.01).drain()
    assert drained.mirrored == 21
    turns = sorted(round(wait, -1) for wait in waits if wait > 50)
    assert turns[:3] == [100, 200, 300]
    assert len(turns) == 20


def test_a_slow_answer_is_waited_for_without_a_poll_for_each_turn(
    mirror: Stores, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    put, advance = ItemStore.put, Pipeline.advance
    timeouts: list[float] = []

    def hang(self: ItemStore, *arguments: Any, **options: Any) -> Any:
        assert release.wait(60)
        return put(self, *arguments, **options)

    def note(self: Pipeline, *, timeout: float) -> Counter[Outcome]:
        timeouts.append(timeout)
        if len(timeouts) == 5:  # by then, the next turn has come
            release.set()
        return advance(self, timeout=timeout)

    monkeypatch.setattr(ItemStore, "put", hang)
    monkeypatch.setattr(Pipeline, "advance", note)
    assert worker.Worker(rate=100).drain().mirrored == 1
    assert min(timeouts) > 0
    assert worker.POLL in timeouts
