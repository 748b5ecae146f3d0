"""Late, lost and repeated writes: whatever lands whenever, the newest state wins."""

import pytest

from tests.faults import scenarios
from tests.faults.mutants import kills_mutant
from tests.faults.world import Scenario, World

NOTICES: dict[Scenario, str] = {
    scenarios.two_saves_mirrored_out_of_order: "an unconditional put",
    scenarios.a_put_lands_after_the_deletion: "a physical delete",
    scenarios.a_save_while_it_is_mirrored: "acknowledgement without the revision",
    scenarios.a_to_b_to_a: "only the last key remembered",
    scenarios.a_to_b_to_c: "only the last key remembered",
    scenarios.a_move_then_deletion: "only the last key remembered",
    scenarios.a_save_of_what_a_hanging_drain_holds: "lock held across the network call",
    scenarios.an_upload_lands_after_its_removal: "repeated upload forgotten",
    scenarios.a_removal_lands_after_the_content_is_back: "object used again during its removal",
}
ROWS = [
    pytest.param(scenario, marks=kills_mutant(name), id=scenario.__name__)
    for scenario, name in NOTICES.items()
]


@pytest.mark.parametrize("scenario", ROWS)
def test_order(scenario: Scenario, world: World) -> None:
    scenario(world)
