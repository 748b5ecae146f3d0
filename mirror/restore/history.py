"""The history of restores, for the verdict: whether the way back was rehearsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from mirror.models import RestoreRun
from mirror.models.clock import database_time
from mirror.restore.counts import RESULTS, RestoreCounts


def record(started_at: datetime, tallies: Sequence[RestoreCounts], *, dry_run: bool) -> RestoreRun:
    """Save what a restore came to that began at ``started_at``, by PostgreSQL's clock."""
    missing = sum(tally.restored for tally in tallies) if dry_run else 0
    return RestoreRun.objects.create(
        started_at=started_at,
        seconds=(database_time() - started_at).total_seconds(),
        dry_run=dry_run,
        complete=not missing and not any(tally.problems for tally in tallies),
        rows={
            tally.label: {result: asdict(tally)[result] for result in RESULTS} for tally in tallies
        },
    )
