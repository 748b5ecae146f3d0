"""Outages: how many changes waited at the end, and when these were mirrored."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from mirror.errors import Failure, Kind
from mirror.models import LedgerEntry, Outage, heartbeats
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.faults.threads import running_in_thread
from tests.support.factories import make_sessions


def begin_and_end() -> Outage:
    """Return an outage that is over."""
    Outage.objects.begin("S3", Failure(Kind.UNREACHABLE, "Timeout", store="S3"))
    assert Outage.objects.end("S3")
    return Outage.objects.get()


@pytest.mark.usefixtures("db")
def test_an_outage_is_settled_once_what_was_pending_then_is_mirrored(owner: User) -> None:
    make_sessions(owner, 3)
    assert begin_and_end().waiting == 3
    Outage.objects.settle()
    assert Outage.objects.get().equal_at is None
    # A later change is not waited for.
    Outage.objects.update(ended_at=F("ended_at") + timedelta(hours=1))
    LedgerEntry.objects.update(owed_since=timezone.now() + timedelta(hours=2))
    Outage.objects.update(ended_at=timezone.now() - timedelta(seconds=1))
    Outage.objects.settle()
    assert Outage.objects.get().equal_at is not None


@pytest.mark.usefixtures("db")
def test_parked_rows_are_not_waited_for(owner: User) -> None:
    make_sessions(owner, 1)
    begin_and_end()
    LedgerEntry.objects.update(parked_at=timezone.now())
    Outage.objects.settle()
    assert Outage.objects.get().equal_at is not None


def test_an_outage_of_before_and_an_open_one_stay_as_they_are(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Outage.objects.create(store="S3", ended_at=timezone.now())
    Outage.objects.create(store="DynamoDB")
    with django_assert_num_queries(1):
        Outage.objects.settle()
    assert not Outage.objects.filter(equal_at__isnull=False).exists()


@pytest.mark.parametrize("how", ["watch", "drain"])
def test_the_worker_notes_when_all_is_equal_again(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(heartbeats, "INTERVAL", 0.0)
    make_sessions(owner, 2)
    begin_and_end()
    if how == "drain":
        worker.drain()
    else:
        stop, settled, settle = threading.Event(), threading.Event(), type(Outage.objects).settle

        def note(outages: object) -> None:
            settle(outages)
            if Outage.objects.filter(equal_at__isnull=False).exists():
                settled.set()

        monkeypatch.setattr(type(Outage.objects), "settle", note)
        with running_in_thread(worker.Worker(stop=stop).watch):
            assert settled.wait(30)
            stop.set()
    assert not LedgerEntry.objects.owed().exists()
    assert Outage.objects.get().equal_at is not None
