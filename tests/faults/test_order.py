"""Late, lost and repeated writes: whatever lands whenever, the newest state wins."""

import pytest

from tests.faults import scenarios
from tests.faults.world import Scenario, World

ROWS: list[Scenario] = [
    scenarios.two_saves_mirrored_out_of_order,
    scenarios.a_put_lands_after_the_deletion,
    scenarios.a_save_while_it_is_mirrored,
    scenarios.a_to_b_to_a,
    scenarios.a_to_b_to_c,
    scenarios.a_move_then_deletion,
    scenarios.a_save_of_what_a_hanging_drain_holds,
    scenarios.an_upload_lands_after_its_removal,
    scenarios.a_removal_lands_after_the_content_is_back,
]


@pytest.mark.parametrize("scenario", ROWS, ids=lambda scenario: scenario.__name__)
def test_order(scenario: Scenario, world: World) -> None:
    scenario(world)
