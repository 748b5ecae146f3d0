"""``mirror_check`` beside loops that compare without the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.bench.data import add_sessions
from tests.bench.databases import fresh
from tests.bench.parts.backfill import KILOBYTES, backfill, rate_of
from tests.bench.processes import LIKE_AWS, Done, Failed, command, peer, stand_in, timed
from tests.bench.sizes import Sizes
from tests.bench.table import Row, Target, at_least, at_most

CHECK = ("mirror_check", "--json", "--max-pending-age", "1000000")


def measure(sizes: Sizes) -> Iterator[Row]:
    """Mirror as many sessions, and let each way of checking take its turn."""
    rates = []
    for count in sizes.checks:
        with fresh(), stand_in(LIKE_AWS) as address:
            add_sessions(count, KILOBYTES)
            backfill(address, 2)
            title = f"mirror_check, {count:,} sessions"
            naive = rate_of(address, peer("check_naively", f"{sizes.naive}"))
            tuned = rate_of(address, peer("check_tuned"))
            rate, units, _ = check(address)
            rates.append(rate)
            yield Row(title, "rows/s", rates[-1], "naive", naive, at_least(25))
            yield Row(title, "rows/s", rates[-1], "tuned by hand", tuned)
            _, (scan,) = timed(address, peer("scan_units"))
            scanned = float(scan.output)
            yield Row(f"{title}: read", "units", units, "one scan", scanned, at_most(1.1))
    few, many = (f"{count:,}" for count in sizes.checks)
    same = Target("≥", 0.9)
    yield Row(f"mirror_check, {many} sessions", "rows/s", rates[1], few, rates[0], same)


def check(address: str) -> tuple[float, float, Done]:
    """Run the check; return rows a second, read units, and the process. All must be equal."""
    seconds, (done,) = timed(address, command(*CHECK))
    report = json.loads(done.output)
    if report["parity_percent"] != 100:
        raise Failed(f"only {report['parity_percent']} % equal")
    return report["in_sync"] / seconds, report["read_units"], done
