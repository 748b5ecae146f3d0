"""Fixtures: the stores behind the proxy, child processes, and broken engines."""

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

from mirror.stores import clients, provision
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.breaker import breaker
from tests.faults import emulators
from tests.faults.child_processes import ChildProcesses
from tests.faults.mutants import apply_mutant
from tests.faults.proxy import Proxy
from tests.faults.raw_stores import RawStores
from tests.faults.world import World
from tests.support.aws import point_clients_at
from tests.support.factories import make_user

TIMEOUT = 3.0  # seconds: the real ten would make tests slow, and a busy machine takes a second
BROKEN = bool(os.environ.get("MIRROR_BROKEN"))  # set by ``make mutants``
HERE = Path(__file__).parent


def mutant_of(item: pytest.Item) -> str:
    """Return the mutant that a test kills. The mark of a parameter overrides that of the test."""
    marks = [*item.iter_markers("kills_mutant")]
    own = [mark for mark in item.own_markers if mark.name == "kills_mutant"]
    if not marks:
        raise pytest.UsageError(f"{item.nodeid} does not say which mutant it kills.")
    name: str = (own or marks)[-1].args[0]
    return name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Require ``kills_mutant`` of every fault test, and of ``make mutants`` that the test fails."""
    ours = [i for i in items if HERE in i.path.parents and i.path.stem != "test_mutants"]
    for item in ours:
        name = mutant_of(item)
        if BROKEN:
            item.add_marker(pytest.mark.xfail(reason=name, strict=True))
    if BROKEN:
        items[:] = ours


@pytest.fixture(autouse=True)
def broken_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """With ``MIRROR_BROKEN``, run the test, but not the set-up of its world, with its mutant."""
    if not BROKEN or "mutants" in request.path.stem:
        yield
        return
    for name in ("world", "children"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    with apply_mutant(mutant_of(request.node)), pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(worker, "PATIENCE", 2.0)
        yield


@pytest.fixture(scope="session")
def moto_stores() -> Iterator[RawStores]:
    """Direct access to moto, which runs in a process of its own."""
    with emulators.moto() as address:
        yield raw_stores_at(address)


def raw_stores_at(address: str) -> RawStores:
    """Return direct access to the table and the bucket behind ``address``."""
    bucket = settings.STORAGES["mirror"]["OPTIONS"]["bucket_name"]
    table = settings.MIRROR["TABLE"]
    dynamodb, s3 = _raw_client("dynamodb", address), _raw_client("s3", address)
    return RawStores(address, dynamodb, s3, table, bucket)


def _raw_client(service: str, address: str) -> Any:
    make: Any = boto3.client
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return make(service, endpoint_url=address, region_name="us-east-1", config=config)


@pytest.fixture(scope="session")
def moto_proxy(moto_stores: RawStores) -> Iterator[Proxy]:
    """The proxy in front of moto."""
    proxy = Proxy(moto_stores.address)
    yield proxy
    proxy.stop()


@pytest.fixture(scope="session")
def moto_clients(moto_proxy: Proxy) -> Stores:
    """The engine's clients for moto. Made once, since making them takes longer than most tests."""
    return make_clients(moto_proxy)


def make_clients(proxy: Proxy) -> Stores:
    """Make the engine's clients for the stores behind ``proxy``."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(clients, "BACKGROUND_TIMEOUT", TIMEOUT)
        point_clients_at(proxy.address, proxy.address, monkeypatch)
        made = clients.background_clients()
    clients.reset_clients()
    return made


@pytest.fixture
def world(
    moto_stores: RawStores,
    moto_proxy: Proxy,
    moto_clients: Stores,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    """Empty stores, an empty database, a game master, and the engine behind the proxy."""
    yield from make_world(moto_stores, moto_proxy, moto_clients, monkeypatch)


def make_world(
    raw: RawStores, proxy: Proxy, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Yield a world around these stores, which are emptied first."""
    owner = make_user("gm", is_staff=True, is_superuser=True)
    use_clients(stores, proxy, monkeypatch)
    breaker.open.clear()
    breaker._busy.clear()
    if raw.is_new():
        provision.provision(stores)
    raw.empty()
    proxy.clear_log()
    yield World(proxy, raw, stores, owner)
    proxy.reset()
    clients.reset_clients()


def use_clients(stores: Stores, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker of this process use ``stores``, and every new client ask ``proxy``."""
    point_clients_at(proxy.address, proxy.address, monkeypatch)
    ready_made = functools.cache(lambda: stores)
    monkeypatch.setattr(clients, "background_clients", ready_made)
    monkeypatch.setattr(worker, "background_clients", ready_made)


@pytest.fixture(scope="session")
def shared_children(django_db_setup: None) -> Iterator[ChildProcesses]:
    """The fork server, started once."""
    children = ChildProcesses()
    yield children
    children.stop_fork_server()


@pytest.fixture
def children(
    shared_children: ChildProcesses, world: World, request: pytest.FixtureRequest
) -> ChildProcesses:
    """Child processes that use the stores, and the mutant, of this test."""
    shared_children.address = world.proxy.address
    shared_children.mutant = mutant_of(request.node) if BROKEN else ""
    return shared_children
