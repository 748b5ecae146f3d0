"""Several processes for one piece of work: Python computes on one core a process."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any, TypeVar

from django.db import connections

T = TypeVar("T")
Emit = Callable[[T], object]
Work = Callable[[int, Emit[T]], object]  # called with the number of its process, from 0 on

ROWS_WORTH_A_PROCESS = 1000
MOST_BY_ITSELF = 4
PARENT_CHECKED = 1.0  # seconds: a process notices within that time that its parent was killed


class ProcessDied(Exception):
    """A process ended before its work did: it was killed, or ran out of memory."""

    def __init__(self, code: int) -> None:
        """``code`` is its exit code, or the number of a signal, negative."""
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        super().__init__(name)


def worth(rows: int) -> int:
    """Return how many processes this number of rows is worth: one a core, and a few at most.

    More is for somebody who knows how many connections PostgreSQL has to spare.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, MOST_BY_ITSELF, rows // ROWS_WORTH_A_PROCESS))


def set_on_signal(event: threading.Event, number: int) -> None:
    """Set ``event`` when this process is sent the signal ``number``.

    By a thread: a signal may arrive while this one waits for the event and holds its lock.
    """
    signal.signal(number, lambda *_: threading.Thread(target=event.set).start())


def in_processes(count: int, work: Work[T], *, stop: threading.Event | None = None) -> Iterator[T]:
    """Do ``work`` in ``count`` processes, and yield what they emit, as it comes.

    Once ``stop`` is set here, it is set in each process; without one they can only be ended.
    Raises what one of them has raised, or ``ProcessDied``, and ends the others.

    The processes are forks: they know all that this one knows, so ``work`` may be any function.
    """
    context = get_context("fork")
    connections.close_all()  # a connection serves one process
    running: dict[Connection, ForkProcess] = {}
    try:
        for number in range(count):
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_run, args=(work, number, sender, stop, os.getpid()))
            process.start()
            sender.close()
            running[receiver] = process
        yield from _received(running, stop or threading.Event())
    finally:
        # SIGTERM is lost on a process that has only just begun and still has the parent's handlers.
        end = ForkProcess.terminate if stop else ForkProcess.kill
        for process in running.values():
            end(process)
        for process in running.values():
            process.join()


def _received(running: dict[Connection, ForkProcess], stop: threading.Event) -> Iterator[Any]:
    told = False
    while running:
        if stop.is_set() and not told:
            told = True
            for process in running.values():
                process.terminate()
        for receiver in wait(list(running), timeout=1):
            assert isinstance(receiver, Connection)  # noqa: S101 - for the type checker
            try:
                kind, value = receiver.recv()
            except EOFError:
                process = running.pop(receiver)
                process.join()
                raise ProcessDied(process.exitcode or 0) from None
            if kind == "emitted":
                yield value
            elif kind == "raised":
                raise value
            else:
                running.pop(receiver).join()


def _run(
    work: Work[Any],
    number: int,
    sender: Connection,
    stop: threading.Event | None,
    parent: int,
) -> None:
    """Be one of the processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, too, which tells all
    if stop:
        set_on_signal(stop, signal.SIGTERM)
    else:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    with suppress(BrokenPipeError):  # the parent is gone
        try:
            work(number, lambda value: sender.send(("emitted", value)))
        except Exception as error:  # noqa: BLE001 - the parent raises it
            sender.send(("raised", _portable(error)))
        else:
            sender.send(("done", None))
    connections.close_all()


def _portable(error: Exception) -> Exception:
    """Return the error, or what stands for one that cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - written here
    except Exception:  # noqa: BLE001 - an error may need anything to be made
        return RuntimeError(type(error).__name__)
    return error


def _end_with(parent: int) -> None:
    """Stop as on SIGTERM once the parent is gone: nobody else would end this process."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECKED)
    os.kill(os.getpid(), signal.SIGTERM)
