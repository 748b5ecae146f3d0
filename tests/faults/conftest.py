"""Fixtures: the stores behind the proxy, and processes that may be killed."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from django.conf import settings
from django.contrib.auth.models import User

from mirror.stores import clients, provision
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.breaker import breaker
from tests.conftest import Make
from tests.faults import backends
from tests.faults.children import Children
from tests.faults.comparison import RawStores
from tests.faults.mutants import broken
from tests.faults.proxy import Proxy
from tests.faults.world import World
from tests.support.aws import point_clients_at

PATIENCE = 3.0  # seconds: the real ten would make tests slow, and a busy machine takes a second
BROKEN = bool(os.environ.get("MIRROR_BROKEN"))  # see ``make mutants``
HERE = Path(__file__).parent


def mutant_of(item: pytest.Item) -> str:
    """Return the broken engine that a test notices; what a parameter says comes first."""
    marks = [*item.iter_markers("kills_mutant")]
    own = [mark for mark in item.own_markers if mark.name == "kills_mutant"]
    if not marks:
        raise pytest.UsageError(f"{item.nodeid} does not say which broken engine it fails with.")
    name: str = (own or marks)[-1].args[0]
    return name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Require of every fault test that it says what it notices, and of ``make mutants`` that."""
    ours = [i for i in items if HERE in i.path.parents and i.path.stem != "test_mutants"]
    for item in ours:
        name = mutant_of(item)
        if BROKEN:
            item.add_marker(pytest.mark.xfail(reason=name, strict=True))
    if BROKEN:
        items[:] = ours


@pytest.fixture(autouse=True)
def broken_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """With ``MIRROR_BROKEN``: the engine that the test has to notice, once all is set up."""
    if not BROKEN or "mutants" in request.path.stem:
        yield
        return
    for name in ("world", "children"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    with broken(mutant_of(request.node)), pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(worker, "PATIENCE", 2.0)
        yield


def connect(service: str, address: str) -> Any:
    """Return a client that asks a store directly."""
    make: Any = boto3.client
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return make(service, endpoint_url=address, region_name="us-east-1", config=config)


@pytest.fixture(scope="session")
def store() -> Iterator[RawStores]:
    """A stand-in for AWS, in a process of its own."""
    with backends.moto() as address:
        yield stores_at(address)


def stores_at(address: str) -> RawStores:
    """Return a direct way to the table and the bucket behind ``address``."""
    bucket = settings.STORAGES["mirror"]["OPTIONS"]["bucket_name"]
    table = settings.MIRROR["TABLE"]
    return RawStores(address, connect("dynamodb", address), connect("s3", address), table, bucket)


@pytest.fixture(scope="session")
def shared_proxy(store: RawStores) -> Iterator[Proxy]:
    """The proxy in front of it."""
    proxy = Proxy(store.address)
    yield proxy
    proxy.stop()


@pytest.fixture(scope="session")
def shared_stores(shared_proxy: Proxy) -> Stores:
    """The engine's clients, made once: that takes longer than most tests."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(clients, "BACKGROUND_TIMEOUT", PATIENCE)
        point_clients_at(shared_proxy.address, shared_proxy.address, monkeypatch)
        made = clients.background_clients()
    clients.reset_clients()
    return made


@pytest.fixture
def world(
    store: RawStores,
    shared_proxy: Proxy,
    shared_stores: Stores,
    transactional_db: None,
    make_user: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    """Empty stores, an empty database, a game master, and the engine behind the proxy."""
    owner = make_user("gm", is_staff=True, is_superuser=True)
    use_stores(shared_stores, shared_proxy, monkeypatch)
    yield from make_world(store, shared_proxy, shared_stores, owner)
    clients.reset_clients()


def use_stores(made: Stores, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process use clients that were made before, and its children make such ones."""
    point_clients_at(proxy.address, proxy.address, monkeypatch)
    patient = functools.cache(lambda: made)
    monkeypatch.setattr(clients, "background_clients", patient)
    monkeypatch.setattr(worker, "background_clients", patient)


def make_world(store: RawStores, proxy: Proxy, ways: Stores, owner: User) -> Iterator[World]:
    """Yield a world around these stores."""
    breaker.open.clear()
    breaker._busy.clear()
    if store.is_new():
        provision.provision(ways)
    store.empty()
    proxy.forget()
    yield World(proxy, store, ways, owner)
    proxy.reset()


@pytest.fixture(scope="session")
def nursery(django_db_setup: None) -> Iterator[Children]:
    """A process, ready to fork children that will not live long."""
    children = Children()
    yield children
    children.stop()


@pytest.fixture
def children(nursery: Children, world: World, request: pytest.FixtureRequest) -> Children:
    """The nursery, told where the stores of this test are."""
    nursery.address = world.proxy.address
    nursery.broken = mutant_of(request.node) if BROKEN else ""
    return nursery
