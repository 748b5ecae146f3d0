"""``make explore``: every schedule of every scenario, up to a bound, and what it came to.

``python -m tests.exploration.explore [--bound N] [--mutants] [SCENARIO …]``. Each process has a
database of its own. Exit code 1 if an invariant is violated, or a broken engine is not found.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import django
from tqdm import tqdm

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

ALL = ""  # in place of a scenario: all of them, turn by turn


@dataclass(frozen=True)
class Result:
    """What one job came to."""

    schedules: int
    states: int
    violation: str
    schedule: str
    cpu_seconds: float


def main() -> int:
    """Explore, print a table, and return the exit code."""
    django.setup()
    from tests.exploration.mutants import MUTANTS
    from tests.exploration.scenarios import SCENARIOS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bound", type=int, default=1, help="surprises in a schedule (1)")
    parser.add_argument("--mutants", action="store_true", help="the broken engines instead")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("scenarios", nargs="*", choices=[[], *SCENARIOS])
    options = parser.parse_args()
    if options.mutants:
        jobs = [(ALL, name) for name in MUTANTS]
    else:
        jobs = [(name, "") for name in options.scenarios or SCENARIOS]
    with databases(options.processes) as names:
        results = run_jobs(jobs, options.bound, names)
    return report(results, expect_violations=options.mutants)


@contextmanager
def databases(count: int) -> Iterator[list[str]]:
    """Create so many databases, and remove them afterwards."""
    from django.db import connection

    connection.settings_dict["TEST"]["NAME"] = f"test_exploration_{os.getpid()}"
    before = connection.settings_dict["NAME"]
    creation = connection.creation
    copied = creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    suffixes = [str(number) for number in range(count)]
    connection.close()  # a database that is copied may have no connections
    for suffix in suffixes:
        creation.clone_test_db(suffix, verbosity=0, autoclobber=True)
    try:
        yield [creation.get_test_db_clone_settings(suffix)["NAME"] for suffix in suffixes]
    finally:
        connection.settings_dict["NAME"] = copied
        for suffix in suffixes:
            creation.destroy_test_db(suffix=suffix, verbosity=0)
        creation.destroy_test_db(before, verbosity=0)


def run_jobs(
    jobs: list[tuple[str, str]], bound: int, names: list[str]
) -> dict[tuple[str, str], Result]:
    """Run each job (scenario, mutant) in one of the processes; show how far they are."""
    context = multiprocessing.get_context("spawn")
    free, counter = context.Queue(), context.Value("L")
    for name in names:
        free.put(name)
    with (
        ProcessPoolExecutor(
            len(names), mp_context=context, initializer=_begin, initargs=(free, counter)
        ) as processes,
        tqdm(unit=" schedules", smoothing=0.1) as bar,
    ):
        running: dict[Future[Result], tuple[str, str]] = {
            processes.submit(_run_job, scenario, mutant, bound): (scenario, mutant)
            for scenario, mutant in jobs
        }
        left = set(running)
        while left:
            done, left = wait(left, timeout=1)
            for future in done:
                name, result = running[future][0] or running[future][1], future.result()
                found = f": {result.violation} ({result.schedule})" if result.violation else ""
                bar.write(f"{name}, {result.schedules:,} schedules{found}")
            bar.set_postfix_str(f"{len(jobs) - len(left)} of {len(jobs)} done")
            bar.update(counter.value - bar.n)
        return {job: future.result() for future, job in running.items()}


_world: Any = None
_worlds = ExitStack()
_counter: Any = None


def _begin(free: Any, counter: Any) -> None:
    """Make the world of this process; it ends with the process."""
    global _world, _counter
    django.setup()
    logging.disable()  # outages are what is explored here
    from django.db import connection

    from tests.exploration.world import new_world

    connection.settings_dict["NAME"] = free.get()
    _world, _counter = _worlds.enter_context(new_world()), counter


def _run_job(scenario: str, mutant: str, bound: int) -> Result:
    from tests.exploration.mutants import apply
    from tests.exploration.scenarios import SCENARIOS
    from tests.exploration.schedules import to_text
    from tests.exploration.search import explore

    began = time.process_time()
    with apply(mutant):
        names = [scenario] if scenario else list(SCENARIOS)
        searches = explore(_world, names, bound=bound, progress=_count)
    broken = [search for search in searches if search.violation]
    return Result(
        sum(search.schedules for search in searches),
        sum(len(search.seen) for search in searches),
        broken[0].violation if broken else "",
        to_text(broken[0].name, broken[0].schedule) if broken else "",
        time.process_time() - began,
    )


def _count(more: int) -> None:
    with _counter.get_lock():
        _counter.value += more


def report(results: dict[tuple[str, str], Result], *, expect_violations: bool) -> int:
    """Print what each job came to, and all together; return the exit code."""
    lines = [f"{'':42}{'schedules':>10}{'states':>10}{'CPU s':>8}"]
    for (scenario, mutant), result in results.items():
        figures = f"{result.schedules:10,}{result.states:10,}{result.cpu_seconds:8.0f}"
        lines.append(f"{scenario or mutant:42}{figures}")
        if result.violation:
            lines += [f"    {result.violation}", f"    {result.schedule}"]
    schedules = sum(result.schedules for result in results.values())
    states = sum(result.states for result in results.values())
    lines.append(f"{'in all':42}{schedules:10,}{states:10,}")
    wrong = [job for job, r in results.items() if bool(r.violation) != expect_violations]
    for scenario, mutant in wrong:
        lines.append(f"not found: {mutant}" if expect_violations else f"violated: {scenario}")
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
