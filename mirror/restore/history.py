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
    return RestoreRun.objects.create(
        started_at=started_at,
        seconds=(database_time() - started_at).total_seconds(),
        dry_run=dry_run,
        complete=is_complete(tallies, dry_run=dry_run),
        rows={
            tally.label: {result: asdict(tally)[result] for result in RESULTS} for tally in tallies
        },
    )


def is_complete(tallies: Sequence[RestoreCounts], *, dry_run: bool) -> bool:
    """Whether all rows came back as they are, and none is missing afterwards."""
    missing = dry_run and any(tally.restored for tally in tallies)
    return not missing and not any(tally.problems for tally in tallies)
