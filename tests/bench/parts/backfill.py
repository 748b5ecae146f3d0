"""Backfill: sessions from PostgreSQL into empty stores that answer as slowly as AWS does."""

from __future__ import annotations

import functools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

from tests.bench.data import add_sessions
from tests.bench.databases import fresh
from tests.bench.processes import LIKE_AWS, Child, command, peer, stand_in, timed
from tests.bench.sizes import Sizes
from tests.bench.table import Row, at_least
from tests.support.paths import PROJECT

KILOBYTES = 20
SOURCE = "bench_sessions"


def measure(sizes: Sizes) -> Iterator[Row]:
    """Measure the loops and the mirror in turn."""
    ours: dict[int, list[float]] = {1: [], 2: [], 4: []}
    naive, tuned = [], []
    with fresh(SOURCE):
        add_sessions(sizes.backfill, KILOBYTES)
        for _ in range(sizes.rounds):
            with stand_in(LIKE_AWS) as address:
                naive.append(rate_of(address, peer("migrate_naively", f"{sizes.naive}")))
            with stand_in(LIKE_AWS) as address:
                halves = [peer("migrate_tuned", half, "2") for half in "01"]
                tuned.append(rate_of(address, *halves))
            for processes, rates in ours.items():
                with fresh(template=SOURCE), stand_in(LIKE_AWS) as address:
                    rates.append(sizes.backfill / backfill(address, processes))
    for processes, rates in ours.items():
        title = f"backfill, {processes} process{'es' if processes > 1 else ''}"
        judged = processes == 2
        yield Row(
            *(title, "rows/s", median(rates), "naive loop", median(naive)),
            at_least(10) if judged else None,
        )
        yield Row(
            *(title, "rows/s", median(rates), "2 × 24 threads, no guarantees", median(tuned)),
            at_least(0.8) if judged else None,
        )


def rate_of(address: str, *peers: Callable[[], Child]) -> float:
    """Run these peers side by side; return how many rows they take a second."""
    seconds, done = timed(address, *peers)
    return sum(int(one.output) for one in done) / seconds


def backfill(address: str, processes: int) -> float:
    """Enqueue all rows and drain; return the seconds."""
    if has_processes():
        return timed(address, *commands(processes, "--all"))[0]
    from mirror.sync.backfill import enqueue_all

    started = time.monotonic()
    enqueue_all()
    enqueued = time.monotonic() - started
    return enqueued + timed(address, *commands(processes))[0]


def commands(processes: int, *options: str) -> list[Callable[[], Child]]:
    """Return what starts a ``mirror_sync`` of so many processes: one command, or several."""
    if has_processes():
        return [command("mirror_sync", *options, "--processes", f"{processes}")]
    return [command("mirror_sync", *options)] * processes


@functools.cache
def has_processes() -> bool:
    """Whether one command can be several processes."""
    asked = [sys.executable, "manage.py", "mirror_sync", "--help"]
    shown = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True, check=True)
    return "--processes" in shown.stdout
