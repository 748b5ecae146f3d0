"""The search through the schedules of scenarios, those with the fewest surprises first.

A choice costs nothing where a scheduler would make it anyway: an actor goes on, or another begins
when that has finished. It costs 1 where it surprises: a switch in the middle of an operation, a
fault, a crash, a lease that ends under a worker. The bound limits the sum. A state that was seen
before was seen at the same cost or less, so all that can follow is explored already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush

from tests.exploration.operations import Operations
from tests.exploration.run import Branch, Run
from tests.exploration.scenarios import SCENARIOS
from tests.exploration.schedules import Schedule
from tests.exploration.world import Saved, World

PORTION = 10  # schedules of one scenario before the next one has its turn


def _begin(world: World, name: str) -> Saved:
    operations = Operations(world)
    return world.prepare([operations.named(step) for step in SCENARIOS[name].before])


class Search:
    """The search through one scenario."""

    def __init__(self, world: World, name: str, *, bound: int) -> None:
        self.world = world
        self.name = name
        self.seen: set[int] = set()
        self.schedules = 0  # run so far
        self.violation = ""  # what is wrong after ``schedule``
        self.schedule: Schedule = ()
        # By cost: heaps, with the shortest schedule first.
        self.pending: list[list[tuple[int, int, Branch]]] = [[] for _ in range(bound + 1)]
        self._number = 0
        self._add(Branch(_begin(world, name)))

    def _add(self, branch: Branch) -> None:
        if branch.cost < len(self.pending):
            self._number += 1
            length = len(branch.before) + len(branch.schedule)
            heappush(self.pending[branch.cost], (length, self._number, branch))

    def run_one(self, cost: int) -> None:
        """Run the shortest of the schedules of this cost."""
        _, _, branch = heappop(self.pending[cost])
        run = Run(self.world, SCENARIOS[self.name], branch, self.seen)
        self.violation = run.explore()
        self.schedule = tuple(run.done)
        self.schedules += 1
        for other in run.branches:
            self._add(other)


def explore(
    world: World,
    names: Sequence[str],
    *,
    bound: int,
    limit: int = 0,
    progress: Callable[[int], object] = int,
) -> list[Search]:
    """Explore scenarios, turn by turn, until the first violation.

    Stops also after ``limit`` schedules, if that is not 0. ``progress`` is called with the number
    of schedules run since its last call.
    """
    searches = [Search(world, name, bound=bound) for name in names]
    for cost in range(bound + 1):
        while unfinished := [search for search in searches if search.pending[cost]]:
            for search in unfinished:
                for _ in range(min(PORTION, len(search.pending[cost]))):
                    if limit and sum(search.schedules for search in searches) >= limit:
                        return searches
                    search.run_one(cost)
                    progress(1)
                    if search.violation:
                        return searches
    return searches


def replay(
    world: World, name: str, schedule: Schedule, *, tell: Callable[[str], object] = str
) -> tuple[str, Schedule]:
    """Run one schedule, then by default to the end; return the violation and the whole schedule.

    ``tell`` hears of each step.
    """
    run = Run(world, SCENARIOS[name], Branch(_begin(world, name)), None)
    return run.explore(schedule, tell), tuple(run.done)
