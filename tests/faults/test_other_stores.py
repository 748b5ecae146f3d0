"""Scenarios and values with other stand-ins: ministack, DynamoDB Local and SeaweedFS.

DynamoDB Local is Amazon's own engine, SeaweedFS a genuine S3 store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from mirror.documents.sizes import MAX_ITEM_BYTES, item_size
from mirror.stores import provision
from mirror.stores.clients import Stores
from mirror.sync import pipeline, worker
from tests.faults import emulators
from tests.faults.conftest import make_clients, make_world, raw_stores_at
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Proxy
from tests.faults.raw_stores import RawStores
from tests.faults.test_scenarios import SCENARIOS
from tests.faults.test_values import largest_item_size
from tests.faults.world import Scenario, World


@dataclass
class Emulator:
    """An emulator: direct access to it, the proxy in front of it, and the engine's clients."""

    raw: RawStores
    proxy: Proxy
    stores: Stores


@pytest.fixture(scope="module", params=["ministack", "dynamodb-local", "seaweedfs"])
def emulator(
    request: pytest.FixtureRequest, moto_stores: RawStores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    """The emulator of this name.

    DynamoDB Local has no S3, so moto's is used with it; SeaweedFS has no DynamoDB, so ministack's.
    """
    folder = tmp_path_factory.mktemp("emulator")
    with ExitStack() as stack:
        monkeypatch = stack.enter_context(pytest.MonkeyPatch.context())
        try:
            if request.param == "dynamodb-local":
                address = stack.enter_context(emulators.dynamodb_local(folder))
                s3 = moto_stores.address
                monkeypatch.setattr(provision, "_expires", lambda stores: True)  # it has no TTL
            else:
                address = s3 = stack.enter_context(emulators.ministack())
                if request.param == "seaweedfs":
                    s3 = stack.enter_context(emulators.seaweedfs(folder))
        except emulators.Unavailable as reason:
            pytest.skip(f"{request.param} cannot run here: {reason}")
        direct, proxy = Proxy(address, s3=s3), Proxy(address, s3=s3)
        stack.callback(direct.stop)
        stack.callback(proxy.stop)
        yield Emulator(raw_stores_at(direct.address), proxy, make_clients(proxy))


@pytest.fixture
def world(
    emulator: Emulator, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    yield from make_world(emulator.raw, emulator.proxy, emulator.stores, monkeypatch)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario_in_other_stores_ends_with_equal_stores(scenario: Scenario, world: World) -> None:
    scenario(world)


VALUES: dict[str, Any] = {
    "numbers": {"n": [0, -0.0, 0.1, 1e-130, 9.9e125, 10**125, int("9" * 38), -int("1" * 38)]},
    "empty values": {"n": [[], {}, "", None, False, {"n": [[[]]]}]},
    "all planes of Unicode": {
        "\U0010ffff": "\U00010000\U0002fffd\U000e0001\ufeff\u2028\ud7ff\ue000"
    },
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("numbers", marks=kills_mutant("numbers as floats")),
        pytest.param("empty values", marks=kills_mutant("empty values left out")),
        pytest.param(
            "all planes of Unicode", marks=kills_mutant("only the basic plane of Unicode")
        ),
    ],
)
def test_values_in_other_stores_come_back_unchanged(world: World, name: str) -> None:
    world.session(metrics=VALUES[name], transcript_json=VALUES[name])
    worker.drain()
    world.assert_equal()


@kills_mutant("value sizes a byte short")
def test_other_stores_accept_items_of_exactly_400_kb_and_no_larger(world: World) -> None:
    session = world.session(transcript_text="", metrics={"n": ""})
    room = MAX_ITEM_BYTES - largest_item_size(session)
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
def test_sixty_rows_take_several_batches_and_are_all_mirrored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pipeline, worker):
        monkeypatch.setattr(module, "BATCH", 25)
    for number in range(60):
        world.session(name=f"{number}", transcript_text=f"MATT: {number}")
    worker.drain()
    world.assert_equal()
