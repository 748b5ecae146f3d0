"""Whether anything costs more as the ledger grows."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from statistics import median, quantiles

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from tests.bench.databases import fresh
from tests.bench.parts.backfill import commands
from tests.bench.processes import INSTANT, Child, Failed, ask, command, stand_in, written
from tests.bench.sizes import Sizes
from tests.bench.table import Row, at_least, at_most
from tests.support.factories import make_campaign, make_user
from tests.support.large_ledger import MIRRORED, OWED, refill, refill_campaigns

DRAINED = 4000  # rows of which the rate is taken
CLAIMED = 8
REPETITIONS = 25
PATIENCE = 60.0  # seconds


def measure(sizes: Sizes) -> Iterator[Row]:
    """Measure the worker beside small and large ledgers, and the start of a backfill."""
    yield from _drains(sizes)
    yield from _claims(sizes)
    yield from _first_rows(sizes)


def _drains(sizes: Sizes) -> Iterator[Row]:
    """Measure the first rows of a drain of few and of many."""
    few = min(DRAINED, sizes.owed // 10)
    rates = []
    for owed in (few, sizes.owed):
        with fresh(), stand_in(INSTANT) as address:
            refill_campaigns(owed, make_user().pk)
            refill(owed, OWED)
            moments = _first_puts(few, address, commands(1)[0])
            if len(moments) < few:
                raise Failed("rows were not mirrored")
            warm = few // 20
            rates.append((few - warm - 1) / (moments[few - 1] - moments[warm]))
    title = f"drain with {sizes.owed:,} owed"
    yield Row(title, "rows/s", rates[1], f"with {few:,}", rates[0], at_least(0.9))


def _first_puts(number: int, address: str, start: Callable[[], Child]) -> list[float]:
    """Run a command until the stand-in has accepted so many puts; return the moments of all.

    There are fewer if the command ended, or took too long.
    """
    child = start()
    until = time.monotonic() + PATIENCE
    while ask(address, "count") < number and time.monotonic() < until and not child.has_ended():
        time.sleep(0.1)
    child.stop()
    child.wait(longest=20)
    return [moment for _, moment in written(address)]


def _claims(sizes: Sizes) -> Iterator[Row]:
    """Measure the worker's own statements, and how long a change takes to arrive."""
    few, *more = sizes.ledgers
    with fresh(), stand_in(INSTANT) as address:
        owner = make_user()
        times = {}
        for owed in sizes.ledgers:
            refill(owed, OWED)
            times[owed] = _milliseconds(lambda: LedgerEntry.objects.due().claim(CLAIMED))
        for owed in more:
            title = f"a claim of {CLAIMED}, {owed:,} owed"
            yield Row(title, "ms", times[owed], f"{few:,}", times[few])
        campaign = make_campaign(owner)
        beside = min(DRAINED, sizes.owed // 10)
        refill(beside, MIRRORED)
        wake = _milliseconds(LedgerEntry.objects.due_in)
        small = _lags(campaign, sizes.changes, address)
        refill(sizes.mirrored, MIRRORED)
        title = f"when to wake, {sizes.mirrored:,} mirrored"
        late = _milliseconds(LedgerEntry.objects.due_in)
        yield Row(title, "ms", late, f"{beside:,}", wake)
        large = _lags(campaign, sizes.changes, address)
        title = f"lag of one change beside {sizes.mirrored:,} mirrored"
        yield Row(f"{title}, p50", "ms", large[0], f"beside {beside:,}", small[0], at_most(1.5))
        yield Row(f"{title}, p95", "ms", large[1], f"beside {beside:,}", small[1])
        yield Row("lag of one change, p95", "ms", max(small[1], large[1]), target=at_most(300))


def _milliseconds(work: Callable[[], object]) -> float:
    """Return the median of some runs."""
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started))
    return median(times)


def _lags(campaign: Campaign, changes: int, address: str) -> tuple[float, float]:
    """Change a row again and again beside a watching worker; return p50 and p95 in ms.

    A lag lasts from the commit until the stand-in has accepted the item.
    """
    chance = random.Random(2)
    before = ask(address, "count")
    campaign.save()
    committed = []
    worker = command("mirror_sync", "--watch")()
    try:
        _wait_for_puts(before + 1, address)
        time.sleep(1)  # until it is idle
        for number in range(changes):
            campaign.name = f"Campaign {number}"
            campaign.save()
            committed.append(time.time())
            _wait_for_puts(before + 1 + len(committed), address)
            time.sleep(chance.uniform(0.02, 0.2))  # at no beat that a poll could share
    finally:
        worker.stop()
        worker.wait(longest=20)
    arrived = [moment for _, moment in written(address)[before + 1 :]]
    lags = [1000 * (moment - commit) for moment, commit in zip(arrived, committed, strict=True)]
    return percentiles(lags)


def _wait_for_puts(number: int, address: str) -> None:
    until = time.monotonic() + PATIENCE
    while ask(address, "count") < number:
        if time.monotonic() > until:
            raise Failed("a change was not mirrored")
        time.sleep(0.02)


def percentiles(values: list[float]) -> tuple[float, float]:
    """Return p50 and p95."""
    if len(values) == 1:
        return values[0], values[0]
    return median(values), quantiles(values, n=20, method="inclusive")[-1]


def _first_rows(sizes: Sizes) -> Iterator[Row]:
    """Measure how long ``--all`` takes to mirror its first row."""
    few, many = (_first_row(count) for count in sizes.first_rows)
    title = f"--all with {sizes.first_rows[1]:,} rows: first one mirrored"
    yield Row(title, "s", many, f"with {sizes.first_rows[0]:,}", few, at_most(8))


def _first_row(count: int) -> float:
    """Return the seconds; infinity if it took too long."""
    with fresh(), stand_in(INSTANT) as address:
        refill_campaigns(count, make_user().pk)
        LedgerEntry.objects.all().delete()
        started = time.time()
        moments = _first_puts(1, address, commands(1, "--all")[0])
        return moments[0] - started if moments else math.inf
