"""One run: from a saved state along a schedule, then by default to the end, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tests.exploration.actors import Actor, Kind
from tests.exploration.choices import END, FAULTS, LAPSES, MAX_FAULTS, choices_of
from tests.exploration.operations import Operations
from tests.exploration.oracle import settle
from tests.exploration.scenarios import Scenario
from tests.exploration.schedules import Schedule
from tests.exploration.world import Saved, World

MAX_STEPS = 400


class Violation(Exception):
    """A schedule broke an invariant."""


@dataclass(frozen=True)
class Branch:
    """A schedule to be run: a saved state, the choices from there, and what was known then."""

    start: Saved
    before: Schedule = ()  # the choices that led to the saved state
    schedule: Schedule = ()
    cost: int = 0
    histories: tuple[int, ...] = (0, 0, 0)


class Run:
    """One schedule: first the choices of a branch, then the first choice each time."""

    def __init__(
        self, world: World, scenario: Scenario, branch: Branch, seen: set[int] | None
    ) -> None:
        self.world = world
        self.branch = branch
        self.seen = seen
        self.done = list(branch.before)
        self.cost = 0
        self.branches: list[Branch] = []
        self.current: Actor | None = None
        self.saved, self.before = branch.start, branch.before
        world.go_back(branch.start)
        operations = Operations(world)
        programs = (scenario.person, *scenario.workers, ())
        for actor, names, where in zip(world.actors, programs, branch.start.actors, strict=False):
            actor.begin([(name, operations.named(name)) for name in names], *where)

    def explore(self, wanted: Schedule = (), tell: Callable[[str], object] = str) -> str:
        """Run to the end, or to a state that was seen before; return what is wrong there.

        ``wanted`` are choices to make, as far as they go, in place of the first ones. ``tell``
        hears of each.
        """
        self.tell = tell
        try:
            self._return_to_branch()
            if self._go_on(wanted):
                return self._judge_end()
        except Violation as violation:
            return str(violation)
        finally:
            self._abandon()
        return ""

    def _return_to_branch(self) -> None:
        """Make the choices up to the branch, without a look at what else is possible."""
        for choice, run in groupby(self.branch.schedule):
            self._take(choice, times=len(list(run)))
        self.cost = self.branch.cost
        self._set_histories(self.branch.histories)

    def _go_on(self, wanted: Schedule) -> bool:
        """Make one choice after the other; false at a state that was seen before."""
        while choices := dict(choices_of(self.world, self.current)):
            if len(self.done) > MAX_STEPS:
                raise Violation("it does not come to an end")
            choice = next(iter(choices))
            if len(self.done) < len(wanted):  # a replay
                choice = wanted[len(self.done)]
                if choice not in choices:
                    raise Violation(f"cannot be replayed: {choice} is not possible here")
            if self._was_seen(self._state()):
                return False
            others = {c: more for c, more in choices.items() if c != choice}
            if others:
                self._branch_off(others)
            self.tell(f"{choice:9} {self._description(choice)}")
            self.cost += choices[choice]
            self._set_histories(self._histories_after(choice))
            self._take(choice)
            if choice == END:
                break
        if any(actor.blocked for actor in self.world.actors):
            raise Violation("everybody waits for a lock")
        return not self._was_seen(hash(self._shared_state()))

    def _branch_off(self, others: dict[str, int]) -> None:
        if not any(actor.midway for actor in self.world.actors):
            self.saved, self.before = self.world.save(), tuple(self.done)
        since = self.done[len(self.before) :]
        self.branches += [
            Branch(
                self.saved,
                self.before,
                (*since, choice),
                self.cost + more,
                self._histories_after(choice),
            )
            for choice, more in others.items()
        ]

    def _description(self, choice: str) -> str:
        """What this step is about."""
        name, _, number = choice.partition(":")
        if name == "n":
            return f"lands: {self.world.cloud.waiting()[int(number or 0)][:150]}"
        if name not in {actor.name for actor in self.world.actors}:
            return "time passes" if choice in LAPSES else ""
        actor = self._actor(name)
        begins = actor.kind is Kind.BEGIN
        return actor.operations[actor.position][0] if begins else actor.label[:150]

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
            active = [a for a in self.world.actors if a.blocked or not a.ended]
            if not active:
                break
            for actor in active:
                if not actor.blocked:
                    actor.go("crash")
                    self._wait_for(actor, judge=False)
                elif actor.arrived.acquire(timeout=0.05):
                    self._arrived(actor)

    def _take(self, choice: str, *, times: int = 1) -> None:
        self.done += [choice] * times
        name, _, order = choice.partition(":")
        if choice == END:
            return
        if order in FAULTS or (choice in LAPSES and any(a.midway for a in self.world.actors)):
            self.world.faults += times
        if name == "n":
            for _ in range(times):
                self.world.cloud.land(int(order or 0))
        elif choice in LAPSES:
            for _ in range(times):
                self.world.lapse(LAPSES[choice])
        else:
            self.current = self._actor(name)
            if self.current.kind is Kind.BEGIN:
                self.current.began = self.world.clock.passed
            self.current.go(order, steps=times)
            self._wait_for(self.current)
        for actor in self.world.actors:
            if actor.blocked:
                self._wait_for(actor)
            if (error := actor.error) is not None:
                raise Violation(f"{actor.name} ended with {type(error).__name__}: {error}")
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
        if actor.kind in {Kind.CALL, Kind.ASK}:
            return hash((before, actor.label, order, self.world.cloud.contents()))
        locked = tuple(a.in_transaction for a in self.world.actors if a is not actor)
        return hash((before, actor.label, order, self.world.database.state(), locked))

    def _wait_for(self, actor: Actor, *, judge: bool = True) -> None:
        """Wait until the actor has come to its next stop, or until a lock holds it."""
        while not actor.arrived.acquire(timeout=0.02):
            blockers = self.world.blockers(actor)
            if blockers:
                actor.blocked = True
                if judge:
                    self._judge(actor, blockers)
                return
        self._arrived(actor)

    def _arrived(self, actor: Actor) -> None:
        actor.blocked = False
        if actor.wrote:
            actor.wrote = False
            self.world.database.changed()

    def _judge(self, actor: Actor, blockers: Sequence[Actor]) -> None:
        if actor is self.world.person:
            if any(blocker.kind is Kind.CALL for blocker in blockers):
                raise Violation("a person waits for a worker's call to a store")
        elif self.world.person in blockers and not actor.patient:
            raise Violation("a worker waits for a person's transaction")

    def _unsent(self) -> set[str]:
        """The S3 keys that the ledger records although nothing was sent to them."""
        entries = self.world.database.rows()["mirror_ledgerentry"]
        return {key for entry in entries for key in entry["object_keys"]} - self.world.cloud.sent

    # States

    def _shared_state(self) -> tuple[object, ...]:
        world = self.world
        return (
            world.database.state(),
            world.cloud.contents(),
            world.cloud.waiting(),
            tuple(sorted(world.cloud.precious)),
            tuple(sorted(self._unsent())),
            world.backup_state,
            world.restored,
            min(world.faults, MAX_FAULTS),
        )

    def _state(self) -> int:
        world = self.world
        actors = tuple(
            (a.blocked, a.kind, a.label, a.position, *self._inside(a)) if not a.ended else ()
            for a in world.actors
        )
        going = self.current.name if self.current is not None and self.current.midway else ""
        lapses = tuple(world.lapses.values())
        return hash((self._shared_state(), actors, going, lapses, world.breaker.state()))

    def _inside(self, actor: Actor) -> tuple[float, ...]:
        """What an operation has seen so far, and for how long it has been running."""
        if not actor.midway:
            return ()
        return actor.history, self.world.clock.passed - actor.began
