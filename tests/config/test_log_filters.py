"""What the log leaves out: outages but for a line a minute, and warnings about HEAD requests."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import psycopg.errors
import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from config.log_filters import Quiet, is_outage

HIDDEN = "hidden"


@pytest.fixture
def quiet() -> Quiet:
    """The filter of the site's own console, as at its start."""
    quiet = next(f for f in console().filters if isinstance(f, Quiet))
    quiet._failed, quiet._next = 0, 0.0
    return quiet


@pytest.fixture
def log(quiet: Quiet) -> Iterator[io.StringIO]:
    """What the site's own console shows."""
    written = io.StringIO()
    before = console().setStream(written)
    yield written
    console().setStream(before)


def console() -> logging.StreamHandler[Any]:
    """The handler that ``settings.LOGGING`` describes."""
    return next(
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler)
        and any(isinstance(a_filter, Quiet) for a_filter in handler.filters)
    )


def refused() -> OperationalError:
    """What Django raises if nothing listens."""
    error = OperationalError(HIDDEN)
    error.__cause__ = psycopg.OperationalError(HIDDEN)
    return error


def canceled() -> OperationalError:
    """What Django raises if one statement takes too long."""
    error = OperationalError(HIDDEN)
    error.__cause__ = psycopg.errors.QueryCanceled(HIDDEN)
    return error


def shut_down() -> OperationalError:
    """What Django raises if PostgreSQL ends."""
    error = OperationalError(HIDDEN)
    error.__cause__ = psycopg.errors.AdminShutdown(HIDDEN)
    return error


def hidden_in_another() -> ValueError:
    error = ValueError(HIDDEN)
    error.__context__ = InterfaceError(HIDDEN)
    return error


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (refused(), True),
        (shut_down(), True),
        (hidden_in_another(), True),
        (canceled(), False),
        (ValueError(HIDDEN), False),
        (None, False),
    ],
    ids=["refused", "shut down", "hidden in another", "canceled", "other", "none"],
)
def test_an_outage_is_known(error: Exception | None, outage: bool) -> None:
    assert is_outage(error) is outage


def test_an_outage_is_a_line_a_minute_and_not_one_for_each_request(
    client: Client, log: io.StringIO, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise refused()

    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", fail)
    client.raise_request_exception = False
    for _ in range(5):
        assert client.get("/accounts/login/").status_code == 500
    quiet._next = 0.0  # a minute later
    assert client.get("/accounts/login/").status_code == 500
    first, second = log.getvalue().splitlines()
    assert "ERROR config.outage" in first
    assert first.endswith(
        "PostgreSQL does not answer (OperationalError). "
        "Requests that failed since the last such line: 1."
    )
    assert second.endswith("last such line: 5.")
    assert HIDDEN not in log.getvalue()


def test_another_error_is_logged_each_time_with_its_places(
    client: Client, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise canceled()

    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", fail)
    client.raise_request_exception = False
    for _ in range(2):
        client.get("/accounts/login/")
    assert log.getvalue().count("Internal Server Error: /accounts/login/") == 2
    assert log.getvalue().count("django.db.utils.OperationalError") == 2


def test_head_requests_and_a_site_that_is_not_ready_warn_nobody(
    client: Client, db: None, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.head("/nowhere/").status_code == 404
    assert client.head("/accounts/logout/").status_code == 405
    monkeypatch.setattr("config.web.health._state", lambda: (503, {}))
    assert client.get("/readyz").status_code == 503
    assert log.getvalue() == ""
    assert client.get("/nowhere/").status_code == 404
    assert log.getvalue().endswith("Not Found: /nowhere/\n")
