"""Several workers, each in a process of its own. They share the ledger, as on several machines."""

from __future__ import annotations

from threading import Event

from mirror.counters import Address, serve
from mirror.models import LedgerEntry
from mirror.processes import Emit, in_processes
from mirror.sync.engine import Outcome
from mirror.sync.pipeline import Progress
from mirror.sync.worker import Drained, Worker


def drain(
    processes: int, *, stop: Event, rate: float | None = None, progress: Progress = bool
) -> Drained:
    """Mirror everything that is owed; see ``Worker``. Raises ``ProcessDied`` if one was killed."""
    processes = _within(rate, processes)
    if processes == 1:
        return Worker(stop=stop, rate=rate, progress=progress).drain()

    def work(_: int, emit: Emit[Outcome | Drained]) -> None:
        emit(Worker(stop=stop, rate=_share(rate, processes), progress=emit).drain())

    mirrored, outages = 0, frozenset[str]()
    for message in in_processes(processes, work, stop=stop):
        if isinstance(message, Drained):
            mirrored += message.mirrored
            outages |= message.outages
        else:
            progress(message)
    return Drained(mirrored, LedgerEntry.objects.registered().backlog(), outages)


def watch(
    processes: int, *, stop: Event, rate: float | None = None, metrics: Address | None = None
) -> None:
    """Mirror each change as it comes, until told to stop; see ``Worker``.

    The first process serves its ``metrics`` at that port, the second at the next, and so on.

    Raises ``ProcessDied`` if one was killed, and ends the others: whoever started this starts it
    again.
    """
    processes = _within(rate, processes)
    if processes == 1:
        if metrics:
            serve(metrics)
        Worker(stop=stop, rate=rate).watch()
        return

    def work(number: int, emit: Emit[None]) -> None:
        if metrics:
            serve(metrics, number)
        Worker(stop=stop, rate=_share(rate, processes)).watch()

    for _ in in_processes(processes, work, stop=stop):
        pass


def _within(rate: float | None, processes: int) -> int:
    """Return how many processes work: one for each row a second at most, as all begin at once."""
    return max(int(min(processes, rate)), 1) if rate else processes


def _share(rate: float | None, processes: int) -> float | None:
    return rate and rate / processes
