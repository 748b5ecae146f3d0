"""An alert that cannot be told is in nobody's way: neither the check's nor the worker's."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection

from mirror.models import CheckRequest, CheckRun
from mirror.stores.clients import Stores
from mirror.sync import alerts, worker
from mirror.verify import requested
from tests.faults.threads import running_in_thread
from tests.support.commands import run
from tests.support.factories import make_campaign


@pytest.fixture
def table_lost(mirror: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL refuses whatever concerns alerts."""
    monkeypatch.setattr("mirror.models.alerts.Alert._meta.db_table", "no_such_table")


def test_a_check_is_saved_and_exits_by_what_it_found(
    table_lost: None, owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    make_campaign(owner)
    worker.drain()
    assert run("mirror_check")[0] == 0
    assert CheckRun.objects.count() == 1
    assert "No alarm can be raised: PostgreSQL refuses a query (UndefinedTable)." in caplog.text


def test_a_check_that_was_asked_for_is_saved(table_lost: None) -> None:
    CheckRequest.objects.ask(deep=False)
    request = CheckRequest.objects.take()
    assert request is not None
    assert request.token is not None
    requested.carry_out(request.token)
    assert CheckRequest.objects.get().state == "done"
    assert CheckRun.objects.count() == 1


def test_the_worker_goes_on(
    table_lost: None,
    owner: User,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alerts, "INTERVAL", 0.0)
    stop, looks, look = threading.Event(), 0, alerts.look

    def note() -> None:
        nonlocal looks
        looks += 1
        look()
        if looks > 1:
            stop.set()

    monkeypatch.setattr(alerts, "look", note)
    with running_in_thread(worker.Worker(stop=stop).watch):
        assert stop.wait(30)
    assert "No alarm can be raised: PostgreSQL refuses a query (UndefinedTable)." in caplog.text
    assert "PostgreSQL does not answer" not in caplog.text


def test_a_lost_connection_is_made_anew(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lose() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(alerts, "owed_by_model", lose)
    alerts.look()
    told = caplog.text.partition("refuses a query ")[2]
    assert told.startswith(("(AdminShutdown)", "(OperationalError)"))  # by psycopg's version
    assert not CheckRun.objects.exists()
