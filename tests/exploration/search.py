"""The search: schedules of one scenario, depth first, those with the fewest surprises first.

A schedule is a list of choices. A choice costs nothing where a scheduler would make it anyway (an
actor goes on, or another begins when it has finished), and 1 where it surprises: a switch in the
middle of an operation, a fault, a crash, a lease that ends under a worker. The bound limits the
sum. States that were seen before, at the same cost or less, are not explored again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tests.exploration.actors import Actor, Kind, Status
from tests.exploration.oracle import settle
from tests.exploration.scenarios import SCENARIOS, Scenario
from tests.exploration.schedules import Schedule
from tests.exploration.world import LEASE, LONG, World

MAX_STEPS = 400
LAPSES = {"t": LEASE, "t:long": LONG}
MAX_LAPSES = {LEASE: 2, LONG: 1}
END = "end"  # nothing goes on, although a request could still land


class Violation(Exception):
    """A schedule broke an invariant."""


@dataclass(frozen=True)
class Branch:
    """A schedule to be run: the choices up to a point, and what was known there."""

    cost: int = 0
    schedule: Schedule = ()
    histories: tuple[int, ...] = (0, 0, 0)


@dataclass
class Found:
    """What a search came to."""

    schedules: int = 0
    states: int = 0
    violation: str = ""
    schedule: Schedule = ()
    complete: bool = True


def explore(world: World, name: str, *, bound: int, limit: int = 0) -> Found:
    """Explore one scenario until the first violation, or until ``limit`` schedules were run."""
    found, seen = Found(), set[int]()
    prepare(world, name)
    pending: list[list[Branch]] = [[] for _ in range(bound + 1)]
    pending[0].append(Branch())
    for cost in range(bound + 1):
        while pending[cost] and not found.violation:
            if limit and found.schedules >= limit:
                found.complete = False
                break
            run = Run(world, SCENARIOS[name], seen)
            found.violation = run.explore(pending[cost].pop())
            found.schedules += 1
            for branch in run.branches:
                if branch.cost <= bound:
                    pending[branch.cost].append(branch)
    found.states = len(seen)
    if found.violation:
        found.schedule = tuple(run.done)
    return found


def replay(world: World, name: str, schedule: Schedule) -> tuple[str, Schedule]:
    """Run one schedule, then by default to the end; return the violation and the whole schedule."""
    prepare(world, name)
    run = Run(world, SCENARIOS[name], None)
    return run.explore(Branch(), schedule), tuple(run.done)


def prepare(world: World, name: str) -> None:
    """Make the state in which the runs of this scenario begin."""
    world.prepare(lambda world: [world.operation(step)() for step in SCENARIOS[name].before])


class Run:
    """One schedule: first the choices of a branch, then the first choice each time."""

    def __init__(self, world: World, scenario: Scenario, seen: set[int] | None) -> None:
        self.world = world
        self.seen = seen
        self.done: list[str] = []
        self.cost = 0
        self.branches: list[Branch] = []
        self.current: Actor | None = None
        world.restart()
        programs = (scenario.person, *scenario.workers)
        for number, actor in enumerate(world.actors):
            names = programs[number] if number < len(programs) else ()
            actor.begin([(name, world.operation(name)) for name in names])

    def explore(self, branch: Branch, wanted: Schedule = ()) -> str:
        """Run to the end, or to a state that was seen before; return what is wrong there.

        ``wanted`` are choices to make, as far as they go, in place of the first ones.
        """
        try:
            self._return_to(branch)
            if self._go_on(wanted):
                return self._judge_end()
        except Violation as violation:
            return str(violation)
        finally:
            self._abandon()
        return ""

    def _return_to(self, branch: Branch) -> None:
        """Make the choices up to the branch, without a look at what else is possible."""
        for choice, run in groupby(branch.schedule):
            self._take(choice, times=len(list(run)))
        self.cost = branch.cost
        self._set_histories(branch.histories)

    def _go_on(self, wanted: Schedule) -> bool:
        """Make one choice after the other; false at a state that was seen before."""
        while choices := dict(self._choices()):
            if len(self.done) > MAX_STEPS:
                raise Violation("it does not come to an end")
            choice = next(iter(choices))
            if len(self.done) < len(wanted):
                choice = wanted[len(self.done)]
                if choice not in choices:
                    raise Violation(f"cannot be replayed: {choice} is not possible here")
            if self._was_seen(self._state()):
                return False
            self.branches += [
                Branch(self.cost + more, (*self.done, other), self._histories_after(other))
                for other, more in choices.items()
                if other != choice
            ]
            self.cost += choices[choice]
            self._set_histories(self._histories_after(choice))
            self._take(choice)
            if choice == END:
                break
        return not self._was_seen(hash(self._shared_state()))

    def _was_seen(self, state: int) -> bool:
        if self.seen is None or state not in self.seen:
            if self.seen is not None:
                self.seen.add(state)
            return False
        return True

    def _judge_end(self) -> str:
        unsent = self._unsent()
        if len(unsent) > self.cost:
            return f"keys are recorded to which nothing was sent: {len(unsent)}"
        return settle(self.world)

    def _abandon(self) -> None:
        """Stop every thread where it is; open transactions are rolled back."""
        for _ in range(100):
            active = [a for a in self.world.actors if a.status is not Status.ENDED]
            if not active:
                break
            for actor in active:
                if actor.status is Status.STOPPED:
                    actor.go("crash")
                    self._wait_for(actor, judge=False)
                elif actor.arrived.acquire(timeout=0.05):
                    self._arrived(actor)

    # Choices

    def _choices(self) -> Iterator[tuple[str, int]]:
        """Yield what may happen next, with its cost; the first is what happens by default."""
        current = self.current
        ready = [a for a in self.world.actors if a.status is Status.STOPPED and self._may_go(a)]
        going = current in ready and current is not None and self._is_midway(current)
        sleeping = going and current is not None and current.kind is Kind.SLEEP
        others = [actor for actor in ready if actor is not current]
        switch = int(going and not sleeping)
        if current in ready and current and not (sleeping and others):
            yield from self._steps(current, 0)
        for actor in others:
            yield from self._steps(actor, switch)
        if sleeping and others and current:
            yield from self._steps(current, 1)
        if not ready and any(a.status is Status.BLOCKED for a in self.world.actors):
            raise Violation("everybody waits for a lock")
        late = range(len(self.world.cloud.late))
        yield from ((f"n:{number}" if number else "n", switch) for number in late)
        midway = any(self._is_midway(a) for a in self.world.actors)
        for choice, seconds in LAPSES.items():
            if self.world.lapses[seconds] < MAX_LAPSES[seconds]:
                if (midway and seconds == LEASE) or (
                    not midway and self.world.waits_for(seconds)
                ):
                    yield choice, int(midway)
        if late and not midway:
            yield END, 0

    def _steps(self, actor: Actor, cost: int) -> Iterator[tuple[str, int]]:
        yield actor.name, cost
        if actor is self.world.person or actor.kind not in {Kind.WRITE, Kind.CALL}:
            return
        if actor.kind is Kind.CALL:
            yield f"{actor.name}:late", cost + 1
            yield f"{actor.name}:fail", cost + 1
        yield f"{actor.name}:crash", cost + 1

    def _is_midway(self, actor: Actor) -> bool:
        return actor.status is Status.BLOCKED or (
            actor.status is Status.STOPPED and actor.kind is not Kind.BEGIN
        )

    def _may_go(self, actor: Actor) -> bool:
        """Whether it makes sense for this actor to go on."""
        if actor.kind is not Kind.BEGIN:
            return True
        name, _ = actor.operations[actor.position]
        if name == "restore":  # it ends all connections, and takes longer than a request
            return not self.world.cloud.late and not any(map(self._is_midway, self.world.workers))
        if name != "work":
            return True
        first, *rest = self.world.workers
        if actor in rest and first.status is Status.STOPPED and not self._has_begun(first):
            return False  # one worker is as good as the other
        return self.world.work()

    def _has_begun(self, actor: Actor) -> bool:
        return bool(actor.position) or actor.kind is not Kind.BEGIN

    # Steps

    def _take(self, choice: str, *, times: int = 1) -> None:
        self.done += [choice] * times
        name, _, order = choice.partition(":")
        if choice == END:
            return
        if name == "n":
            for _ in range(times):
                self.world.cloud.land(int(order or 0))
        elif choice in LAPSES:
            for _ in range(times):
                self.world.lapse(LAPSES[choice])
        else:
            self.current = self._actor(name)
            self.current.go(order, steps=times)
            self._wait_for(self.current)
        for blocked in self.world.actors:
            if blocked.status is Status.BLOCKED:
                self._wait_for(blocked)
        if self.world.cloud.harm:
            raise Violation(self.world.cloud.harm)

    def _actor(self, name: str) -> Actor:
        return next(actor for actor in self.world.actors if actor.name == name)

    def _set_histories(self, histories: Sequence[int]) -> None:
        for actor, history in zip(self.world.actors, histories, strict=True):
            actor.history = history

    def _histories_after(self, choice: str) -> tuple[int, ...]:
        """Return what each actor will have seen: its own state is a function of that."""
        name, _, order = choice.partition(":")
        return tuple(
            self._history_after(actor, order) if actor.name == name else actor.history
            for actor in self.world.actors
        )

    def _history_after(self, actor: Actor, order: str) -> int:
        before = actor.history if actor.kind is not Kind.BEGIN else 0
        if actor.kind is Kind.CALL:
            return hash((before, actor.label, order, self.world.cloud.contents()))
        locked = tuple(a.in_transaction for a in self.world.actors if a is not actor)
        return hash((before, actor.label, order, self.world.database_state(), locked))

    def _wait_for(self, actor: Actor, *, judge: bool = True) -> None:
        """Wait until the actor has come to its next stop, or until a lock holds it."""
        while not actor.arrived.acquire(timeout=0.02):
            blockers = self.world.blockers(actor)
            if blockers:
                actor.status = Status.BLOCKED
                if judge:
                    self._judge(actor, blockers)
                return
        self._arrived(actor)

    def _arrived(self, actor: Actor) -> None:
        if actor.status is Status.BLOCKED:  # its own stop has set the status if it is at one
            actor.status = Status.STOPPED
        if actor.wrote:
            actor.wrote = False
            self.world.changed()
        if actor.error:
            error, actor.error = actor.error, None
            raise Violation(f"{actor.name} ended with {type(error).__name__}: {error}") from error

    def _judge(self, actor: Actor, blockers: Sequence[Actor]) -> None:
        if actor is self.world.person:
            if any(blocker.kind is Kind.CALL for blocker in blockers):
                raise Violation("a person waits for a worker's call to a store")
        elif self.world.person in blockers and not actor.patient:
            raise Violation("a worker waits for a person's transaction")

    def _unsent(self) -> set[str]:
        """The S3 keys that the ledger records although nothing was sent to them."""
        entries = self.world.rows()["mirror_ledgerentry"]
        return {key for entry in entries for key in entry["object_keys"]} - self.world.cloud.sent

    # States

    def _shared_state(self) -> tuple[object, ...]:
        world = self.world
        return (
            world.database_state(),
            world.cloud.contents(),
            world.cloud.waiting(),
            bool(world.cloud.precious),
            world.restored,
        )

    def _state(self) -> int:
        actors = tuple(
            (a.status, a.kind, a.label, a.position, a.kind is not Kind.BEGIN and a.history)
            if a.status is not Status.ENDED
            else ()
            for a in self.world.actors
        )
        going = self.current is not None and self._is_midway(self.current)
        current = self.current.name if self.current and going else ""
        lapses = tuple(self.world.lapses.values())
        return hash(
            (self._shared_state(), actors, current, lapses, self.world.breaker.state())
        )
