"""Replay of one schedule: ``python -m tests.exploration.replay 'edits | p*2 w1*6 w1:late'``.

Prints each step, then what is wrong in the end; exit code 1 if anything is. ``--mutant NAME``
replays it with a broken engine.
"""

from __future__ import annotations

import argparse
import logging
import sys

import django

from tests.exploration.explore import databases


def main() -> int:
    """Replay the schedule of the command line."""
    django.setup()
    logging.disable()
    from django.db import connection

    from tests.exploration.mutants import MUTANTS, apply
    from tests.exploration.schedules import from_text, to_text
    from tests.exploration.search import replay
    from tests.exploration.world import new_world

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("schedule")
    parser.add_argument("--mutant", choices=list(MUTANTS), default="")
    options = parser.parse_args()
    name, schedule = from_text(options.schedule)
    with databases(1) as (database,):
        connection.settings_dict["NAME"] = database
        with new_world() as world, apply(options.mutant):
            violation, whole = replay(world, name, schedule, tell=_tell)
    _tell(to_text(name, whole))
    _tell(violation or "Everything comes out equal.")
    return int(bool(violation))


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
