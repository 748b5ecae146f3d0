"""Fixtures: stand-ins for AWS, people, and commands as a person would type them."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sentry_sdk
from django.contrib.auth.models import User
from django.test import Client
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings
from sentry_sdk.transport import Transport

from config.sentry import private_options
from mirror.stores import clients, provision
from mirror.stores.clients import Stores
from mirror.sync import breaker
from tests.support.aws import point_clients_at

Make = Callable[..., User]


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    """The address of a moto server on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws_address(moto_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """DynamoDB and S3 as one empty stand-in; every client made meanwhile asks it."""
    urllib.request.urlopen(
        urllib.request.Request(f"{moto_address}/moto-api/reset", method="POST"), timeout=10
    ).close()
    point_clients_at(moto_address, moto_address, monkeypatch)
    yield moto_address
    clients.reset_clients()


@pytest.fixture
def mirror(aws_address: str, transactional_db: None) -> Stores:
    """The empty table and bucket, with a database whose commits are real."""
    breaker.breaker.open.clear()
    breaker.breaker._busy.clear()
    stores = clients.background_clients()
    provision.provision(stores)
    return stores


@pytest.fixture
def make_user(db: None) -> Make:
    """Return a function that makes users."""

    def make(name: str = "gm", **fields: Any) -> User:
        return User.objects.create_user(username=name, password=name, **fields)

    return make


@pytest.fixture
def owner(make_user: Make) -> User:
    """A game master."""
    return make_user("gm")


@pytest.fixture
def gm(client: Client, owner: User) -> Client:
    """The game master's browser."""
    client.force_login(owner)
    return client


@pytest.fixture
def inline(settings: Settings) -> None:
    """Mirror in the request itself."""
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": "inline"}


@pytest.fixture
def sentry() -> Iterator[list[dict[str, Any]]]:
    """The events that would go to Sentry."""
    events: list[dict[str, Any]] = []

    class Keep(Transport):
        def capture_envelope(self, envelope: sentry_sdk.envelope.Envelope) -> None:
            event = envelope.get_event()
            if event is not None:
                events.append(dict(event))

    sentry_sdk.init(dsn="http://key@127.0.0.1/1", transport=Keep, **private_options())
    yield events
    sentry_sdk.init()
