"""The verdict on the validation period: whether one may switch, and what is still lacking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile

from django.utils import timezone

from mirror import triggers_in_database
from mirror.conf import setting
from mirror.documents.registry import documents
from mirror.documents.sample_rows import can_move
from mirror.models import CheckRun, Heartbeat, LedgerEntry, Outage, RestoreRun
from mirror.verify.answers import ask_stores
from mirror.verify.conditions import Condition, judge
from mirror.verify.facts import Facts
from mirror.verify.report import Figures

# The states of a day, in the words and with the signs that all pages and commands show.
EQUAL = "equal"
WITHIN_LIMITS = "within limits"
TOO_MUCH = "too much differs"
TOO_MUCH_PENDING = "too much pending"
NO_CHECK = "no check"
SIGNS = {EQUAL: "✓", WITHIN_LIMITS: "◇", TOO_MUCH: "✕", TOO_MUCH_PENDING: "△", NO_CHECK: "–"}


@dataclass(frozen=True)
class Day:
    """One day of the validation period.

    ``last`` is its last complete check that compared enough, or else its last complete one;
    ``worst_mismatch_percent`` is the worst of all of them, before anything was repaired, and
    ``worst_parity_percent`` what the check that found it found in sync.
    """

    date: date
    last: CheckRun | None
    worst_mismatch_percent: float
    worst_parity_percent: float = 100.0

    @property
    def state(self) -> str:
        """``equal``, or how far it is from that."""
        if self.last is None:
            return NO_CHECK
        if self._too_different:
            return TOO_MUCH
        if not self.last.conclusive:
            return TOO_MUCH_PENDING
        return WITHIN_LIMITS if self.lowest_percent < 100 else EQUAL  # noqa: PLR2004 - percent

    @property
    def sign(self) -> str:
        """The sign of its state."""
        return SIGNS[self.state]

    @property
    def lowest_percent(self) -> float:
        """What the check that gave the day its state found in sync, before a repair.

        That is ``last``, unless another check found more to differ.
        """
        parity = float(self.last.parity_percent) if self.last else 100.0
        if self._too_different:
            parity = self.worst_parity_percent
        return min(parity, round(100 - self.worst_mismatch_percent, 4))

    @property
    def _too_different(self) -> bool:
        allowed: float = setting("ALLOWED_MISMATCH_PERCENT")
        return self.worst_mismatch_percent > allowed


@dataclass(frozen=True)
class Verdict:
    """Whether one may switch to the stores, and the conditions that say why."""

    days: tuple[Day, ...]
    facts: Facts
    conditions: tuple[Condition, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is lacking."""
        return not self.lacking

    @property
    def lacking(self) -> tuple[Condition, ...]:
        """The conditions that are not met."""
        return tuple(condition for condition in self.conditions if not condition.met)

    @property
    def earliest(self) -> date:
        """The first day on which one may be ready: today, or what the period still has to show."""
        return max((one.earliest for one in self.lacking if one.earliest), default=self.facts.today)

    @property
    def can_be_today(self) -> bool:
        """Whether one may be ready today, if all steps are taken."""
        return self.earliest <= self.facts.today


def current_verdict() -> Verdict:
    """Judge the last ``VALIDATION_DAYS`` days; today counts once a check proves anything of it.

    Asks both stores whether they answer. The number of queries is constant.
    """
    length = setting("VALIDATION_DAYS")
    today = timezone.localdate()
    since = timezone.now() - timedelta(days=length + 2)  # more than enough in any time zone
    recent = CheckRun.objects.filter(started_at__gte=since).defer("findings", "repaired")
    until_today = [run for run in recent if _day_of(run) <= today]
    complete = [run for run in until_today if run.complete]
    so_far = judge_day(today, complete).state
    is_open = so_far in {NO_CHECK, TOO_MUCH_PENDING}  # the next check may do
    last = today - timedelta(days=1) if is_open else today
    first = last - timedelta(days=length - 1)
    runs = [run for run in complete if _day_of(run) >= first]
    samples = takewhile(lambda run: not run.complete, until_today)
    days = tuple(judge_day(first + timedelta(days=number), runs) for number in range(length))
    rehearsal = RestoreRun.objects.filter(dry_run=True, started_at__gte=since).first()
    facts = Facts(
        enabled=setting("ENABLED"),
        stores=ask_stores(),
        workers=Heartbeat.objects.workers(),
        outages=tuple(Outage.objects.open().order_by("store")),
        backlog=LedgerEntry.objects.registered().backlog(),
        undocumented=tuple(LedgerEntry.objects.models_without_document()),
        rows_can_move=any(map(can_move, documents())),
        triggers=tuple(map(str, triggers_in_database.problems())),
        today=today,
        length=length,
        unchecked=tuple(day.date for day in days if day.state == NO_CHECK),
        inconclusive=tuple(day.date for day in days if day.state == TOO_MUCH_PENDING),
        too_different=tuple(day.date for day in days if day.state == TOO_MUCH),
        runs=tuple(runs),
        sample=next((run for run in samples if run.differences), None),
        rehearsal=rehearsal if rehearsal and _day_of(rehearsal) >= first else None,
    )
    return Verdict(days, facts, judge(facts))


def judge_day(day: date, runs: Iterable[CheckRun]) -> Day:
    """Judge a day by those of ``runs``, the newest first, that are of that day."""
    runs_of_day = [run for run in runs if _day_of(run) == day]
    worst = max(runs_of_day, key=_mismatch_percent, default=None)
    last = next((run for run in runs_of_day if run.conclusive), next(iter(runs_of_day), None))
    if worst is None:
        return Day(day, None, 0)
    return Day(day, last, _mismatch_percent(worst), float(worst.parity_percent))


def judge_run(run: CheckRun) -> Day:
    """Judge a check as if it were the only one of its day."""
    return judge_day(_day_of(run), [run])


def _mismatch_percent(run: CheckRun) -> float:
    """Return the share that differed, before or after a repair.

    What was repaired is counted by finding. A row may have several, so its share may be less.
    """
    figures = Figures.of(run)
    repaired = min(100.0, run.repaired_count * 100 / max(figures.total, 1))
    return max(figures.mismatch_percent, repaired)


def _day_of(run: CheckRun | RestoreRun) -> date:
    return timezone.localdate(run.started_at)
