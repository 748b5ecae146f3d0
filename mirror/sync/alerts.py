"""What is told without anybody looking: in the log, and where errors are reported from there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, transaction

from mirror.conf import setting
from mirror.models import Alert, CheckRun
from mirror.models.clock import database_time
from mirror.models.gauges import owed_by_model

logger = logging.getLogger("mirror")

INTERVAL = 60.0  # seconds between two looks of a worker
OVERDUE = timedelta(hours=26)  # a daily check may begin or take a little later than the last one
PATIENCE = timedelta(hours=1)  # after the mirror was switched on, somebody may check it first

# runbook.md has a row for each.
PENDING = "pending too long"
PARKED = "parked"
OVERDUE_CHECK = "check overdue"
DRIFT = "drift"
ENDS = {
    PENDING: "No change has been pending for too long any more.",
    PARKED: "No row is parked any more.",
    OVERDUE_CHECK: "A complete mirror_check has begun again.",
    DRIFT: "A complete mirror_check finds no differences any more.",
}


@contextmanager
def _in_nobody_s_way() -> Iterator[None]:
    """Let the caller go on if PostgreSQL refuses an alert."""
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        _not_told(type(error.__cause__ or error).__name__)


def _not_told(kind: str) -> None:
    fingerprint = {"fingerprint": ["mirror", "alerts"]}
    message = "No alarm can be raised: PostgreSQL refuses a query (%s). Have all migrations run?"
    logger.error(message, kind, extra=fingerprint)


@_in_nobody_s_way()
def look() -> None:
    """Tell what the database knows. Reads a bounded part of the ledger."""
    owed = owed_by_model().values()
    minutes = float(setting("MAX_PENDING_MINUTES"))
    wait = max((model.longest_wait for model in owed), default=timedelta())
    if wait > timedelta(minutes=minutes):
        _holds(
            PENDING,
            "Changes are pending: %d, the oldest for more than %g minutes.",
            sum(model.pending for model in owed),
            minutes,
        )
    else:
        _holds_not(PENDING)
    if parked := sum(model.parked for model in owed):
        _holds(PARKED, "Rows are parked until somebody acts: %d.", parked)
    else:
        _holds_not(PARKED)
    since = database_time() - OVERDUE
    if CheckRun.objects.filter(complete=True, started_at__gt=since).exists():
        _holds_not(OVERDUE_CHECK)
    else:
        hours = OVERDUE.total_seconds() / 3600
        message = "No complete mirror_check has begun for %d hours."
        _holds(OVERDUE_CHECK, message, hours, lasting=PATIENCE)


@_in_nobody_s_way()
def tell_of_check(run: CheckRun) -> None:
    """Tell that a check found differences, or that all of them are gone."""
    if run.differences:
        kinds = ", ".join(f"{kind} {count}" for kind, count in run.counts.items() if count)
        _holds(DRIFT, "mirror_check found differences: %d (%s).", run.differences, kinds)
    elif run.complete and run.conclusive:
        _holds_not(DRIFT)


def _holds(condition: str, message: str, *args: object, lasting: timedelta = timedelta()) -> None:
    if Alert.objects.holds(condition, lasting=lasting):
        logger.error(message, *args, extra={"fingerprint": ["mirror", condition]})


def _holds_not(condition: str) -> None:
    if Alert.objects.holds_not(condition):
        logger.warning(ENDS[condition])
