"""The bounded part of the exploration; ``make explore`` runs all of it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import pytest

from tests.exploration.mutants import MUTANTS, apply
from tests.exploration.scenarios import SCENARIOS
from tests.exploration.schedules import from_text, to_text
from tests.exploration.search import Search, explore, replay
from tests.exploration.world import World, new_world

SCHEDULES = 300  # of all scenarios together: as many as find nearly all broken engines

# Found by ``make explore`` alone: these wait for real locks, or are found late.
SLOW = {
    "lock held across the network call",
    "drain waits for locks",
    "record overwrites keys noted meanwhile",
    "repeated upload forgotten",
    "physical delete",
    "only the last key recorded",
    "late uploads forgotten",
    "removal never repeated",
    "acknowledged revision counts under every key",
}

# A crash may leave a cursor open: a process that ends does not close it either.
pytestmark = pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    """A world over the test database. Outages are what is explored: the log is silent."""
    logging.disable()
    with new_world() as made:
        yield made
    gc.collect()
    logging.disable(logging.NOTSET)


def broken(searches: list[Search]) -> list[str]:
    """Return each violation with its schedule."""
    return [f"{s.violation} ({to_text(s.name, s.schedule)})" for s in searches if s.violation]


@pytest.mark.timeout(300)
def test_no_schedule_breaks_the_engine(world: World) -> None:
    assert broken(explore(world, list(SCENARIOS), bound=1, limit=SCHEDULES)) == []


@pytest.mark.parametrize("name", [name for name in MUTANTS if name not in SLOW])
def test_the_search_finds_a_broken_engine(name: str, world: World) -> None:
    with apply(name):
        searches = explore(world, list(SCENARIOS), bound=1, limit=SCHEDULES)
        assert broken(searches)
        found = next(search for search in searches if search.violation)
        violation, _ = replay(world, found.name, found.schedule)
    assert violation == found.violation


def test_every_slow_engine_exists() -> None:
    assert MUTANTS.keys() > SLOW


def test_a_schedule_survives_as_text() -> None:
    schedule = ("p", "p", "w1", "w1:late", "n:1", "t:long", "t:long")
    text = to_text("restore, repair", schedule)
    assert text == "restore, repair | p*2 w1 w1:late n:1 t:long*2"
    assert from_text(text) == ("restore, repair", schedule)
