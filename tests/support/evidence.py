"""Evidence for the verdict: what must be in the database before one may switch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from mirror.models import CheckRun, Pulse, RestoreRun

DAYS = 14


def save_run(days_ago: float, **fields: Any) -> CheckRun:
    """Save a complete run in which everything was equal, unless ``fields`` say otherwise."""
    values = {
        "started_at": timezone.now() - timedelta(days=days_ago),
        "seconds": 1,
        "complete": True,
        "expected": 1000,
        "in_sync": 1000,
        "pending": 0,
        "parked": 0,
        "counts": {},
        "findings": [],
        "parity_percent": 100,
    }
    return CheckRun.objects.create(**values | fields)


def save_days(
    *, but: tuple[int, ...] = (), changes: tuple[int, int, int, int] = (9, 7, 1, 2)
) -> None:
    """Save a run for each day, today included, and a deep one three days ago.

    No runs for the days that are ``but`` days ago. ``changes`` were mirrored within these days.
    """
    kinds = ("creates", "updates", "moves", "deletions")
    checked = [days_ago for days_ago in range(DAYS) if days_ago not in but]
    for days_ago in checked:
        counts = (100 + number * (days_ago == checked[0]) for number in changes)
        save_run(days_ago, deep=days_ago == 3, changes=dict(zip(kinds, counts, strict=True)))


def save_rehearsal(days_ago: float = 2, **fields: Any) -> RestoreRun:
    """Save a rehearsed restore in which every row came back, unless ``fields`` say otherwise."""
    counts = {"equal": 1000, "differ": 0, "restored": 0, "impossible": 0, "lost": 0, "pending": 0}
    values = {
        "started_at": timezone.now() - timedelta(days=days_ago),
        "seconds": 1,
        "dry_run": True,
        "complete": True,
        "rows": {"campaigns.campaign": counts},
    }
    return RestoreRun.objects.create(**values | fields)


def save_all_evidence() -> None:
    """Save what makes the verdict *ready* as long as both stores answer."""
    save_days()
    save_rehearsal()
    Pulse().beat()
