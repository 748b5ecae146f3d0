"""Fixtures that all tests share: stand-ins for AWS, users, and what is logged or reported."""

from __future__ import annotations

import io
import json
import logging
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sentry_sdk
from django.contrib.auth.models import User
from django.test import Client, TransactionTestCase
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings
from sentry_sdk.transport import Transport

from config.logs import PrivateFormatter
from config.sentry import private_options
from mirror.stores import clients
from mirror.stores.clients import Stores
from mirror.sync import breaker
from tests.support.aws import make_clients_quickly, point_clients_at
from tests.support.empty_database import empty_database
from tests.support.factories import make_user
from tests.support.moto_server import (
    keep_coverage_out,
    let_dynamodb_serve_one_at_a_time,
    provision_quickly,
)

make_clients_quickly()
TransactionTestCase._fixture_teardown = empty_database  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    """A moto server on loopback; returns its address."""
    let_dynamodb_serve_one_at_a_time()
    keep_coverage_out()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws_address(moto_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty stand-in for DynamoDB and S3. All clients made during the test use it."""
    urllib.request.urlopen(
        urllib.request.Request(f"{moto_address}/moto-api/reset", method="POST"), timeout=10
    ).close()
    point_clients_at(moto_address, moto_address, monkeypatch)
    yield moto_address
    clients.reset_clients()


@pytest.fixture
def mirror(aws_address: str, transactional_db: None) -> Stores:
    """An empty table and bucket, and a database whose commits are real."""
    breaker.breaker.open.clear()
    breaker.breaker._busy.clear()
    stores = clients.background_clients()
    provision_quickly(stores)
    return stores


@pytest.fixture(autouse=True)
def mail_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail is sent within the request: a thread would not see a test's transaction."""
    if "mail_later" not in request.fixturenames:
        monkeypatch.setattr("config.accounts.mail.later", lambda job: job())


@pytest.fixture
def owner(db: None) -> User:
    """A game master, ``gm``."""
    return make_user()


@pytest.fixture
def gm(client: Client, owner: User) -> Client:
    """The game master's browser."""
    client.force_login(owner)
    return client


@pytest.fixture
def inline(settings: Settings) -> None:
    """Requests mirror their changes themselves, right after the commit."""
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": "inline"}


@pytest.fixture
def sentry() -> Iterator[list[dict[str, Any]]]:
    """The events that would be sent to Sentry."""
    events: list[dict[str, Any]] = []

    class KeepEvents(Transport):
        def capture_envelope(self, envelope: sentry_sdk.envelope.Envelope) -> None:
            event = envelope.get_event()
            if event is not None:
                events.append(dict(event))

    sentry_sdk.init(dsn="http://key@127.0.0.1/1", transport=KeepEvents, **private_options())
    yield events
    sentry_sdk.init()


@pytest.fixture
def reported(sentry: list[dict[str, Any]]) -> Iterator[Callable[[], str]]:
    """A function that returns, as text, all that has been logged or would be sent to Sentry."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(PrivateFormatter("%(levelname)s %(name)s %(message)s"))
    loggers = [logging.getLogger(name) for name in ("", "django", "django.request", "mirror")]
    for logger in loggers:
        logger.addHandler(handler)
    yield lambda: log.getvalue() + json.dumps(sentry, default=str)
    for logger in loggers:
        logger.removeHandler(handler)
