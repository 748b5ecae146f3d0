"""The suite notices every broken engine: the scenario that is to catch it fails with it."""

import pytest
from django.db import OperationalError

from tests.faults import scenarios
from tests.faults.mutants import MUTANTS, broken
from tests.faults.world import Scenario, World

CAUGHT_BY: dict[str, list[Scenario]] = {
    "an unconditional put": [
        scenarios.two_saves_mirrored_out_of_order,
        scenarios.a_put_lands_after_the_deletion,
    ],
    "a physical delete": [scenarios.a_put_lands_after_the_deletion],
    "acknowledgement without the revision": [scenarios.a_save_while_it_is_mirrored],
    "only the last key remembered": [scenarios.a_to_b_to_c, scenarios.a_move_then_deletion],
    "lock held across the network call": [scenarios.a_save_of_what_a_hanging_drain_holds],
    "repeated upload forgotten": [scenarios.an_upload_lands_after_its_removal],
    "object used again during its removal": [scenarios.a_removal_lands_after_the_content_is_back],
}


def test_every_broken_engine_has_its_scenario() -> None:
    assert CAUGHT_BY.keys() == MUTANTS.keys()


@pytest.mark.parametrize(
    ("name", "scenario"),
    [(name, scenario) for name, some in CAUGHT_BY.items() for scenario in some],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_broken_engine_is_noticed(name: str, scenario: Scenario, world: World) -> None:
    with broken(name), pytest.raises((AssertionError, OperationalError)) as noticed:
        scenario(world)
    what = str(noticed.value)
    assert "left over" in what or "differs" in what or "missing" in what or "lock timeout" in what
