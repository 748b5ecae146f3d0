"""Fixtures: stand-ins for AWS beside moto, each started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from mirror.stores import clients
from mirror.stores.clients import Stores
from tests.faults import emulators
from tests.faults.proxy import Proxy
from tests.support.aws import point_clients_at

At = Callable[[str, str], Stores]


@pytest.fixture(scope="session")
def address_of(
    moto_address: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """A function that returns the address of a stand-in; it skips the test where there is none."""
    found: dict[str, str | emulators.Unavailable] = {"moto": moto_address}
    with ExitStack() as stack:

        def start(name: str) -> str:
            if name == "ministack":
                return stack.enter_context(emulators.ministack())
            folder = tmp_path_factory.mktemp(name)
            if name == "seaweedfs":
                return stack.enter_context(emulators.seaweedfs(folder))
            proxy = Proxy(stack.enter_context(emulators.dynamodb_local(folder)))
            stack.callback(proxy.stop)
            return proxy.address

        def address(name: str) -> str:
            if name not in found:
                try:
                    found[name] = start(name)
                except emulators.Unavailable as reason:
                    found[name] = reason
            place = found[name]
            if isinstance(place, emulators.Unavailable):
                pytest.skip(f"{name} cannot run here: {place}")
            return place

        yield address


@pytest.fixture
def stores_at(address_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[At]:
    """A function that has all clients ask two stand-ins: one for items, one for objects."""

    def point(items: str, objects: str) -> Stores:
        point_clients_at(address_of(items), address_of(objects), monkeypatch)
        return clients.background_clients()

    yield point
    clients.reset_clients()
