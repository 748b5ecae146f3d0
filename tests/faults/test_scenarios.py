"""Late, lost and repeated writes: whichever request lands when, the newest revision wins."""

import pytest

from tests.faults.mutants import kills_mutant
from tests.faults.scenarios import MUTANT_KILLED_BY
from tests.faults.world import Scenario, World

SCENARIOS = [
    pytest.param(scenario, marks=kills_mutant(name), id=scenario.__name__)
    for scenario, name in MUTANT_KILLED_BY.items()
]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario_ends_with_equal_stores(scenario: Scenario, world: World) -> None:
    scenario(world)
