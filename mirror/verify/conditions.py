"""The conditions of the verdict: each says what is proven, or what is lacking and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from mirror import formats
from mirror.conf import has_bucket, setting
from mirror.models import MOST_PENDING, CheckRun
from mirror.verify import steps
from mirror.verify.facts import Facts
from mirror.verify.findings import ORPHAN_KINDS
from mirror.verify.report import Figures
from mirror.verify.steps import Step

LONGEST_WAIT = timedelta(hours=1)  # no row may be pending for longer


@dataclass(frozen=True)
class Condition:
    """One thing that must be true before one may switch.

    ``sentence`` says what was found. If the condition is not met, ``step`` is what to do next, and
    ``earliest`` the first day on which it can be met.
    """

    sentence: str
    step: Step | None = None
    earliest: date | None = None

    @property
    def met(self) -> bool:
        """Whether nothing is left to do."""
        return self.step is None


def judge(facts: Facts) -> tuple[Condition, ...]:
    """Return all conditions: first what holds now, then what the period has shown."""
    return tuple(condition(facts) for condition in CONDITIONS)


def _switched_on(facts: Facts) -> Condition:
    if facts.enabled:
        return Condition("The mirror is switched on.")
    return Condition(
        "The mirror is switched off. Changes are recorded and stay pending.",
        steps.SWITCH_ON,
        facts.today,
    )


def _stores_answer(facts: Facts) -> Condition:
    if not facts.stores:
        sentence = "The stores were not asked, since the mirror is switched off."
        return Condition(sentence, steps.SWITCH_ON, facts.today)
    silent = [f"{store} does not answer ({why})." for store, why in facts.stores.items() if why]
    if silent:
        return Condition(" ".join(silent), steps.ASK_STORES, facts.today)
    verb = "answer" if len(facts.stores) > 1 else "answers"
    return Condition(f"{' and '.join(facts.stores)} {verb}.")


def _worker_alive(facts: Facts) -> Condition:
    if facts.workers.alive:
        return Condition(str(facts.workers))
    return Condition(str(facts.workers), steps.START_WORKER, facts.today)


def _no_outage(facts: Facts) -> Condition:
    if not facts.outages:
        return Condition("No outage is open: every circuit breaker is closed.")
    sentences = (
        f"{outage.store} has been out of reach since {formats.moment(outage.started_at)} "
        f"({outage.error_code or outage.error_class})."
        for outage in facts.outages
    )
    return Condition(" ".join(sentences), steps.END_OUTAGE, facts.today)


def _nothing_waits_long(facts: Facts) -> Condition:
    wait, pending = facts.backlog.longest_wait, facts.backlog.pending
    if wait and wait > LONGEST_WAIT:
        sentence = f"Changes pending: {formats.number(pending)}, the oldest for more than an hour."
        return Condition(sentence, steps.DRAIN, facts.today)
    return Condition(f"Changes pending: {formats.number(pending)}, none for more than an hour.")


def _nothing_parked(facts: Facts) -> Condition:
    if facts.backlog.parked:
        return Condition(
            f"Rows parked: {formats.number(facts.backlog.parked)}.", steps.UNPARK, facts.today
        )
    return Condition("No row is parked.")


def _every_model_compared(facts: Facts) -> Condition:
    if facts.undocumented:
        return Condition(
            f"Not compared, as there is no document: {', '.join(facts.undocumented)}.",
            steps.REGISTER,
            facts.today,
        )
    return Condition("Every model in the ledger has a document, so that all items are compared.")


def _all_captured(facts: Facts) -> Condition:
    if facts.triggers:
        sentence = f"Changes may not be captured. {' '.join(facts.triggers)}"
        return Condition(sentence, steps.MEND_TRIGGERS, facts.today)
    return Condition("The database runs every trigger that the models declare.")


def _checked_each_day(facts: Facts) -> Condition:
    days = f"{{}} of the last {facts.length} days"
    sentences = []
    if facts.unchecked:
        sentences.append(f"No complete check on {days.format(len(facts.unchecked))}.")
    if facts.inconclusive:
        sentences.append(
            f"On {days.format(len(facts.inconclusive))} each complete check left more than "
            f"{MOST_PENDING} % of the rows pending."
        )
    if not sentences:
        return Condition(f"Each of the last {facts.length} days has a complete check.")
    lacking = _without([*facts.unchecked, *facts.inconclusive], facts)
    return Condition(" ".join(sentences), steps.CHECK_DAILY, lacking)


def _little_differed(facts: Facts) -> Condition:
    limit = f"{setting('ALLOWED_MISMATCH_PERCENT'):g} %"
    if facts.too_different:
        return Condition(
            f"On {len(facts.too_different)} of the last {facts.length} days more than {limit} "
            "differed.",
            steps.FIND_CAUSE,
            _without(facts.too_different, facts),
        )
    if not facts.runs:
        return Condition("No check says how much differs.", steps.CHECK_DAILY, facts.today)
    return Condition(f"No complete check of these days found more than {limit} to differ.")


def _last_check_perfect(facts: Facts) -> Condition:
    run = facts.last_run
    if run is None:
        return Condition("There is no complete check yet.", steps.CHECK_DAILY, facts.today)
    if run.parity_percent < 100:  # noqa: PLR2004 - percent
        sentence = (
            f"The last complete check found {formats.percent(run.parity_percent)}, not 100 %."
        )
        if not run.differences:
            sentence = f"{sentence} The rest was pending."
            return Condition(sentence, steps.CHECK_AGAIN, facts.today)
        return Condition(sentence, _mend(run), facts.today)
    if not run.expected:
        sentence = "The last complete check compared no row."
        return Condition(sentence, steps.CHECK_DAILY, facts.today)
    if facts.sample:
        when = formats.moment(facts.sample.started_at)
        sentence = f"A sample that was compared later differed, on {when}."
        return Condition(sentence, _mend(facts.sample), facts.today)
    when = formats.moment(run.started_at)
    return Condition(
        f"The last complete check found 100 % of {formats.number(run.expected)} rows, on {when}."
    )


def _mend(run: CheckRun) -> Step:
    """Return what to do about the differences of a check: a repair alone leaves orphans."""
    found = {kind for kind, count in run.counts.items() if count}
    return steps.REMOVE_ORPHANS if found <= ORPHAN_KINDS else steps.REPAIR


def _checked_deeply(facts: Facts) -> Condition:
    if not has_bucket():
        return Condition("No bucket is named, so there are no objects for a deep check to read.")
    run = facts.last_deep_run
    if run is None:
        sentence = f"No check of the last {facts.length} days was deep: none read every object."
        return Condition(sentence, steps.CHECK_DEEP, facts.today)
    day, differing = _day_of(run.started_at), Figures.of(run).differing
    if differing:
        sentence = f"The last deep check, on {day}, found {formats.number(differing)} differing."
        return Condition(sentence, steps.CHECK_DEEP, facts.today)
    if not run.in_sync or not run.conclusive:
        sentence = (
            f"The last deep check, on {day}, read {formats.number(run.in_sync)} of "
            f"{formats.number(run.expected)} rows. What is pending is not compared."
        )
        return Condition(sentence, steps.CHECK_DEEP, facts.today)
    return Condition(f"A deep check read every object on {day} and found no difference.")


def _each_kind_changed(facts: Facts) -> Condition:
    """Demand a change of each kind, as each takes a way of its own through the mirror."""
    if facts.changes is None:
        sentence = "Changes are counted from one complete check to the next: two are needed."
        return Condition(sentence, steps.CHANGE, facts.today)
    counts = ", ".join(
        f"{formats.number(number)} {kind.removesuffix('s') if number == 1 else kind}"
        for kind, number in facts.changes._asdict().items()
    )
    sentence = f"Mirrored between the first and the last complete check: {counts}."
    needed, each = facts.changes, "each"
    if not facts.rows_can_move:
        sentence += " No row can move, as pk and sk depend on primary keys alone."
        needed, each = needed._replace(moves=1), "each other kind"
    if all(needed):
        return Condition(sentence)
    return Condition(f"{sentence} One of {each} is the least.", steps.CHANGE, facts.today)


def _restore_rehearsed(facts: Facts) -> Condition:
    run = facts.rehearsal
    if run is None:
        sentence = f"No restore was rehearsed in the last {facts.length} days."
        return Condition(sentence, steps.REHEARSE, facts.today)
    day, equal = _day_of(run.started_at), run.count("equal")
    rehearsed = (
        f"A restore was rehearsed on {day}: {formats.number(equal)} rows came back as they are"
    )
    if equal and run.complete:
        return Condition(f"{rehearsed}, and none differed.")
    others = run.count("differ", "restored", "impossible", "lost")
    return Condition(f"{rehearsed}, {others} did not.", steps.REHEARSE, facts.today)


CONDITIONS: tuple[Callable[[Facts], Condition], ...] = (
    _switched_on,
    _stores_answer,
    _worker_alive,
    _no_outage,
    _nothing_waits_long,
    _nothing_parked,
    _every_model_compared,
    _all_captured,
    _checked_each_day,
    _little_differed,
    _last_check_perfect,
    _checked_deeply,
    _each_kind_changed,
    _restore_rehearsed,
)


def _without(days: Iterable[date], facts: Facts) -> date:
    """Return the first day on which none of these can be in the period any more."""
    return max(days) + timedelta(days=facts.length)


def _day_of(moment: datetime) -> str:
    return formats.day(timezone.localdate(moment))
