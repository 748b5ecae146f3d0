"""The mutants themselves: each can be applied, and the scenarios fail with those of the protocol.

``make mutants`` runs every other fault test with the mutant that it names.
"""

import pytest
from django.db import OperationalError

from tests.faults import scenarios
from tests.faults.mutants import MUTANTS, apply_mutant
from tests.faults.scenarios import MUTANT_KILLED_BY
from tests.faults.world import Scenario, World

PAIRS: list[tuple[str, Scenario]] = [
    *((name, scenario) for scenario, name in MUTANT_KILLED_BY.items()),
    ("unconditional put", scenarios.a_put_lands_after_the_deletion),
]
MOST_IMPORTANT = {
    "unconditional put",
    "physical delete",
    "acknowledgement ignores the revision",
    "only the last key recorded",
    "lock held across the network call",
}


def test_the_most_important_mutants_have_a_scenario() -> None:
    assert {name for name, _ in PAIRS} >= MOST_IMPORTANT


def test_every_mutant_replaces_something_that_exists(transactional_db: None) -> None:
    for name in MUTANTS:  # or `make mutants` would take the AttributeError for the wanted failure
        with apply_mutant(name):
            pass


@pytest.mark.parametrize(
    ("name", "scenario"),
    PAIRS,
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_scenario_fails_with_its_mutant(name: str, scenario: Scenario, world: World) -> None:
    with apply_mutant(name), pytest.raises((AssertionError, OperationalError)) as failure:
        scenario(world)
    text = str(failure.value)
    expected = ("orphaned", "differs", "missing", "lock timeout")
    assert any(word in text for word in expected), text
