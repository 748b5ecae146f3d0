"""What moto does not know: other stand-ins, Amazon's own engine among them, say the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from mirror.documents.sizes import MAX_ITEM_BYTES, item_size
from mirror.stores import clients, provision
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.conftest import Make
from tests.faults import backends
from tests.faults.comparison import RawStores
from tests.faults.conftest import (
    PATIENCE,
    make_world,
    stores_at,
    use_stores,
)
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Proxy
from tests.faults.test_order import ROWS
from tests.faults.test_values import largest
from tests.faults.world import Scenario, World
from tests.support.aws import point_clients_at


@dataclass
class Behind:
    """A stand-in, the proxy in front of it, and clients of both."""

    raw: RawStores
    proxy: Proxy
    stores: Stores


@pytest.fixture(scope="module", params=["ministack", "dynamodb-local"])
def behind(
    request: pytest.FixtureRequest, store: RawStores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    """The stand-in of this name; DynamoDB Local has moto's S3 beside it."""
    with ExitStack() as stack:
        monkeypatch = stack.enter_context(pytest.MonkeyPatch.context())
        try:
            if request.param == "ministack":
                address = stack.enter_context(backends.ministack())
                direct, proxy = Proxy(address), Proxy(address)
            else:
                folder = tmp_path_factory.mktemp("dynamodb")
                path = stack.enter_context(backends.dynamodb_local(folder))
                direct, proxy = Proxy(path, s3=store.address), Proxy(path, s3=store.address)
                monkeypatch.setattr(provision, "_expires", lambda stores: True)  # it knows no TTL
        except backends.Unavailable as reason:
            pytest.skip(f"{request.param} cannot run here: {reason}")
        stack.callback(direct.stop)
        stack.callback(proxy.stop)
        monkeypatch.setattr(clients, "BACKGROUND_TIMEOUT", PATIENCE)
        point_clients_at(proxy.address, proxy.address, monkeypatch)
        made = clients.background_clients()
        clients.reset_clients()
        yield Behind(stores_at(direct.address), proxy, made)


@pytest.fixture
def world(
    behind: Behind, transactional_db: None, make_user: Make, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    owner = make_user("gm", is_staff=True, is_superuser=True)
    use_stores(behind.stores, behind.proxy, monkeypatch)
    yield from make_world(behind.raw, behind.proxy, behind.stores, owner)
    clients.reset_clients()


@pytest.mark.parametrize("scenario", ROWS)
def test_order_in_other_stores(scenario: Scenario, world: World) -> None:
    scenario(world)


VALUES: dict[str, Any] = {
    "numbers": {"n": [0, -0.0, 0.1, 1e-130, 9.9e125, 10**125, int("9" * 38), -int("1" * 38)]},
    "empty": {"n": [[], {}, "", None, False, {"n": [[[]]]}]},
    "planes": {"\U0010ffff": "\U00010000\U0002fffd\U000e0001\ufeff\u2028\ud7ff\ue000"},
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("numbers", marks=kills_mutant("numbers as floats")),
        pytest.param("empty", marks=kills_mutant("empty values left out")),
        pytest.param("planes", marks=kills_mutant("only the basic plane of Unicode")),
    ],
)
def test_values_in_other_stores(world: World, name: str) -> None:
    world.session(metrics=VALUES[name], transcript_json=VALUES[name])
    worker.drain()
    world.assert_equal()


@kills_mutant("values measured a byte short")
def test_the_store_takes_exactly_400_kb(world: World) -> None:
    session = world.session(transcript_text="", metrics={"n": ""})
    room = MAX_ITEM_BYTES - largest(session)  # with the highest revision there can be
    session.metrics = {"n": "é" * (room // 2) + "x" * (room % 2)}
    session.save()
    worker.drain()
    world.assert_equal()
    item = {"pk": {"S": "limit"}, "sk": {"S": "limit"}, "text": {"S": ""}}
    item["text"]["S"] = "x" * (MAX_ITEM_BYTES - item_size(item))
    client = world.raw.dynamodb
    client.put_item(TableName=world.raw.table, Item=item)
    item["text"]["S"] += "x"
    with pytest.raises(client.exceptions.ClientError, match="size"):
        client.put_item(TableName=world.raw.table, Item=item)


@kills_mutant("one batch only")
def test_many_objects_at_once(world: World) -> None:
    for number in range(60):
        world.session(name=f"{number}", transcript_text=f"MATT: {number}")
    worker.drain()
    world.assert_equal()
