"""The choices of a schedule: what may happen next, and what it costs. ``README.md`` lists them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.exploration.actors import Actor, Kind
from tests.exploration.cloud import S3_OPERATIONS
from tests.exploration.world import LEASE, LONG, World

LAPSES = {"t": LEASE, "t:long": LONG}
MAX_LAPSES = {LEASE: 2, LONG: 1}
FAULTS = {"late", "fail", "crash"}
MAX_FAULTS = max(MAX_LAPSES.values())  # more allow nothing that fewer do not
END = "end"  # nothing goes on, although a request could still land


def choices_of(world: World, current: Actor | None) -> Iterator[tuple[str, int]]:
    """Yield what may happen next, with its cost; the first is what happens by default."""
    ready = [actor for actor in world.actors if actor.ready and _may_go(world, actor)]
    others = [actor for actor in ready if actor is not current]
    going = current if current in ready else None
    sleeps = going is not None and going.kind is Kind.SLEEP
    if going is not None and not (sleeps and others):
        yield from _steps(world, going, 0)
    switch = int(going is not None and going.midway and not sleeps)
    for actor in others:
        yield from _steps(world, actor, switch)
    if going is not None and sleeps and others:
        yield from _steps(world, going, 1)
    late = range(len(world.cloud.late))
    yield from ((f"n:{number}" if number else "n", switch) for number in late)
    midway = any(a.midway for a in world.actors)
    yield from ((choice, int(midway)) for choice in LAPSES if _may_lapse(world, choice, midway))
    if late and not midway:
        yield END, 0


def _may_lapse(world: World, choice: str, midway: bool) -> bool:
    """Whether time may pass here: under an actor, or to end what a fault has left behind."""
    seconds = LAPSES[choice]
    lapses = world.lapses[seconds]
    if midway:
        return choice == "t" and lapses < MAX_LAPSES[seconds]
    return lapses < min(world.faults, MAX_LAPSES[seconds]) and world.waits_for(seconds)


def _steps(world: World, actor: Actor, cost: int) -> Iterator[tuple[str, int]]:
    yield actor.name, cost
    if actor is world.person or actor.kind not in {Kind.WRITE, Kind.CALL}:
        return
    down = world.cloud.s3_is_down and actor.label in S3_OPERATIONS
    if actor.kind is Kind.CALL and not down:
        yield f"{actor.name}:late", cost + 1
        yield f"{actor.name}:fail", cost + 1
    yield f"{actor.name}:crash", cost + 1


def _may_go(world: World, actor: Actor) -> bool:
    """Whether it makes sense for this actor to go on."""
    if actor.kind is not Kind.BEGIN:
        return True
    name, _ = actor.operations[actor.position]
    if name == "restore":  # it ends all connections, and takes longer than a request
        return not world.cloud.late and not any(worker.midway for worker in world.workers)
    if name != "work":
        return True
    first, *rest = world.workers
    if actor in rest and first.ready and not _has_begun(first):
        return False  # one worker is as good as the other
    return world.work()


def _has_begun(actor: Actor) -> bool:
    return bool(actor.position) or actor.kind is not Kind.BEGIN
