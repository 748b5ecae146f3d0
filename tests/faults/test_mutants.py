"""The mutants themselves: each can be applied, and the scenarios fail with those of the protocol.

``make mutants`` runs every other fault test with the mutant that it names.
"""

import inspect
from collections.abc import Callable
from functools import partial
from inspect import Parameter

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


def test_every_mutant_is_called_as_what_it_replaces() -> None:
    """Or the TypeError of a call that does not fit would be taken for the wanted failure."""
    for changes in MUTANTS.values():
        for owner, name, replacement in (c.args for c in changes if isinstance(c, partial)):
            real = getattr(owner, name)
            if inspect.isroutine(real) and inspect.isroutine(replacement):
                inspect.signature(replacement).bind(*positional(real), **keyword_only(real))


def positional(function: Callable[..., object]) -> list[str]:
    """Return arguments for each positional parameter, and two for ``*args``."""
    given: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}:
            given.append(parameter.name)
        elif parameter.kind is Parameter.VAR_POSITIONAL:
            given += [parameter.name, parameter.name]
    return given


def keyword_only(function: Callable[..., object]) -> dict[str, str]:
    """Return an argument for each parameter that is given by name."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize(
    ("name", "scenario"),
    PAIRS,
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_scenario_fails_with_its_mutant(name: str, scenario: Scenario, world: World) -> None:
    with apply_mutant(name), pytest.raises((AssertionError, OperationalError)) as failure:
        scenario(world)
    text = str(failure.value)
    expected = ("orphaned", "differs", "missing", "lock timeout", "did not come to the step")
    assert any(word in text for word in expected), text
