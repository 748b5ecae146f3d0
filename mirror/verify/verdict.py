"""The verdict on the validation period: whether one may switch, and what is still lacking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from mirror.conf import setting
from mirror.models import Backlog, CheckRun, LedgerEntry
from mirror.models.check_runs import percent
from mirror.verify.report import Figures

LONGEST_WAIT = timedelta(hours=1)  # no row may be pending for longer


# The states of a day.
EQUAL = "equal"


WITHIN_LIMITS = "within limits"


TOO_MUCH = "too much"


NO_CHECK = "no check"


@dataclass(frozen=True)
class Day:
    """One day of the validation period.

    ``last`` is its last complete check; ``worst_mismatch_percent`` is the worst of all of them.
    """

    date: date
    last: CheckRun | None
    worst_mismatch_percent: float

    @property
    def state(self) -> str:
        """``equal``, ``within limits``, ``too much`` (differs), or ``no check``."""
        if self.last is None:
            return NO_CHECK
        if self.worst_mismatch_percent > setting("ALLOWED_MISMATCH_PERCENT"):
            return TOO_MUCH
        return WITHIN_LIMITS if self.worst_mismatch_percent else EQUAL


@dataclass(frozen=True)
class Verdict:
    """Whether one may switch to the stores; ``lacking`` has a sentence for each obstacle."""

    days: tuple[Day, ...]
    lacking: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is lacking."""
        return not self.lacking


def current_verdict() -> Verdict:
    """Judge the last ``VALIDATION_DAYS`` days; today counts once it has a complete check."""
    length = setting("VALIDATION_DAYS")
    today = timezone.localdate()
    first = today - timedelta(days=length)
    since = timezone.now() - timedelta(days=length + 2)  # more than enough in any time zone
    complete = CheckRun.objects.filter(complete=True, started_at__gte=since).defer("findings")
    runs = [run for run in complete if timezone.localdate(run.started_at) >= first]
    checked_today = any(timezone.localdate(run.started_at) == today for run in runs)
    last = today if checked_today else today - timedelta(days=1)
    days = tuple(_day(last - timedelta(days=back), runs) for back in reversed(range(length)))
    return Verdict(days, tuple(_lacking(days, runs, LedgerEntry.objects.registered().backlog())))


def _day(day: date, runs: Iterable[CheckRun]) -> Day:
    runs_of_day = [run for run in runs if timezone.localdate(run.started_at) == day]
    worst = max((Figures.of(run).mismatch_percent for run in runs_of_day), default=0.0)
    return Day(day, runs_of_day[0] if runs_of_day else None, worst)


def _lacking(days: tuple[Day, ...], runs: list[CheckRun], backlog: Backlog) -> Iterable[str]:
    states = [day.state for day in days]
    unchecked = states.count(NO_CHECK)
    if unchecked:
        yield f"No complete check on {unchecked} of the last {len(days)} days."
    limit = setting("ALLOWED_MISMATCH_PERCENT")
    too_different = states.count(TOO_MUCH)
    if too_different:
        yield f"On {too_different} of the last {len(days)} days more than {limit:g} % differed."
    if runs and runs[0].parity_percent < 100:  # noqa: PLR2004 - percent
        yield f"The last complete check found {percent(runs[0].parity_percent)}, not 100 %."
    if backlog.longest_wait and backlog.longest_wait > LONGEST_WAIT:
        yield f"Changes pending: {backlog.pending}, the oldest for more than an hour."
    if backlog.parked:
        yield f"Rows parked: {backlog.parked}."
