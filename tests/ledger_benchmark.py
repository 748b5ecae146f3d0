"""What the mirror's own statements cost as the ledger grows: they should cost the same.

``make benchmark``, or ``python -m tests.ledger_benchmark``. It uses a new database, and no store.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

MILLION = 1_000_000
REPETITIONS = 25


def measure(title: str, work: Callable[[], object], *, repetitions: int = REPETITIONS) -> None:
    """Print the milliseconds that ``work`` takes at best: what it takes longer is the machine's."""
    times = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started))
    sys.stdout.write(f"{title:60} {min(times):9.2f} ms\n")
    sys.stdout.flush()


def measure_worker() -> None:
    """Measure a claim, and finding out when to wake."""
    from mirror.models import LedgerEntry
    from tests.support import large_ledger

    def claim() -> None:
        LedgerEntry.objects.due().claim(8)

    for count in (20_000, 200_000, MILLION):
        large_ledger.refill(count, large_ledger.OWED)
        measure(f"a claim of 8, {count:,} owed", claim)
    large_ledger.refill(MILLION, large_ledger.MIRRORED)
    measure(f"when to wake, {MILLION:,} mirrored", LedgerEntry.objects.due_in)
    measure(f"a claim of none, {MILLION:,} mirrored", claim)
    large_ledger.refill(MILLION, *large_ledger.WAITING)
    measure(f"a claim of none, {MILLION:,} waiting, parked or of no model", claim)


def measure_backfill_and_check() -> None:
    """Measure the ids of a backfill, and the look-up of an item that names no row."""
    from campaigns.models import Campaign
    from mirror.documents.items import ItemKey
    from mirror.sync import backfill
    from mirror.verify import orphans
    from tests.support import large_ledger
    from tests.support.factories import make_user

    def take_all_ids() -> None:
        for _ in backfill._ids(Campaign):
            pass

    owner = make_user()
    for count in (50_000, 150_000, 300_000):
        large_ledger.refill(count, large_ledger.MIRRORED)
        large_ledger.refill_campaigns(count, owner.pk)
        measure(f"--all: the ids of {count:,} rows", take_all_ids, repetitions=3)
    strange = [ItemKey("user#1", f"camp#{number}") for number in range(100)]
    measure(f"100 unknown items, {count:,} mirrored", lambda: orphans._owners(strange))


def main() -> None:
    """Create a database, measure, and remove the database."""
    django.setup()
    from django.test.runner import DiscoverRunner

    runner = DiscoverRunner(interactive=False, verbosity=0)
    databases = runner.setup_databases()
    try:
        measure_worker()
        measure_backfill_and_check()
    finally:
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
