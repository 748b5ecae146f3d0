"""The suite notices every broken engine: the scenario that is to catch it fails with it.

These are the engines that lack a part of the protocol. ``make mutants`` runs every fault test
against the broken engine that it names.
"""

import pytest
from django.db import OperationalError

from tests.faults import scenarios
from tests.faults.mutants import broken
from tests.faults.test_order import NOTICES
from tests.faults.world import Scenario, World

PAIRS: list[tuple[str, Scenario]] = [
    *((name, scenario) for scenario, name in NOTICES.items()),
    ("an unconditional put", scenarios.a_put_lands_after_the_deletion),
]
NEVER_TO_BE_MISSED = {
    "an unconditional put",
    "a physical delete",
    "acknowledgement without the revision",
    "only the last key remembered",
    "lock held across the network call",
}


def test_every_broken_engine_has_its_scenario() -> None:
    assert {name for name, _ in PAIRS} >= NEVER_TO_BE_MISSED


@pytest.mark.parametrize(
    ("name", "scenario"),
    PAIRS,
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_broken_engine_is_noticed(name: str, scenario: Scenario, world: World) -> None:
    with broken(name), pytest.raises((AssertionError, OperationalError)) as noticed:
        scenario(world)
    what = str(noticed.value)
    assert "left over" in what or "differs" in what or "missing" in what or "lock timeout" in what
