"""Fixtures that all tests share: stand-ins for AWS, users, and what is logged or reported."""

from __future__ import annotations

import copy
import functools
import io
import json
import logging
import sys
import urllib.request
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

import botocore.session
import pytest
import sentry_sdk
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, TransactionTestCase
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler
from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings
from sentry_sdk.transport import Transport

from config.logs import PrivateFormatter
from config.sentry import private_options
from mirror.stores import clients, provision
from mirror.stores.clients import Stores
from mirror.sync import breaker
from tests.support.aws import point_clients_at
from tests.support.factories import make_user

# Clients are made anew for each test. Botocore reads a megabyte of JSON for each session, unless
# sessions share what reads it.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

# Empties a database after a test. Django's own flush removes content types and permissions as well
# and makes them anew, and TRUNCATE makes new files: both take longer than most tests.
EMPTY = """
DO $$
DECLARE found regclass;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no triggers, no foreign keys
    FOR found IN SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname NOT IN ('auth_permission', 'django_content_type', 'django_migrations')
    LOOP
        IF pg_total_relation_size(found) > 1000000 THEN
            EXECUTE format('TRUNCATE %s CASCADE', found);
        ELSE
            EXECUTE format('DELETE FROM %s', found);
        END IF;
    END LOOP;
END $$
"""


def _empty_database(_: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)


TransactionTestCase._fixture_teardown = _empty_database  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    """A moto server on loopback; returns its address."""
    _let_dynamodb_serve_one_at_a_time()
    _keep_coverage_out()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def _let_dynamodb_serve_one_at_a_time() -> None:
    """Keep moto from losing one of two items that are put at once into a new partition."""
    lock, call_action = Lock(), DynamoHandler.call_action

    def one_at_a_time(handler: DynamoHandler) -> Any:
        with lock:
            return call_action(handler)

    DynamoHandler.call_action = one_at_a_time  # type: ignore[method-assign]


def _keep_coverage_out() -> None:
    """Do not trace the threads of moto: its own code is not measured, and a trace slows it."""
    handle = MotoRequestHandler.handle

    def untraced(handler: MotoRequestHandler) -> None:
        sys.settrace(None)
        handle(handler)

    MotoRequestHandler.handle = untraced  # type: ignore[method-assign]


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
    _provision(stores)
    return stores


def _provision(stores: Stores) -> None:
    """Create the table and the bucket; the second time copy them into moto, without a request."""
    names = stores.items.table, stores.objects.bucket
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    s3 = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    if names not in _provisioned:
        provision.provision(stores)
        _provisioned[names] = copy.deepcopy((tables[names[0]], s3.buckets[names[1]]))
        return
    table, bucket = copy.deepcopy(_provisioned[names])
    tables[table.name], s3.buckets[bucket.name] = table, bucket
    s3_backends.bucket_accounts[bucket.name] = (bucket.partition, bucket.account_id)


_provisioned: dict[tuple[str, str], Any] = {}


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
