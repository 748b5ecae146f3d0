"""The history of checks, and the verdict on the validation period."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from mirror.models import CheckRun, LedgerEntry, Pulse
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check, history, steps, verdict
from mirror.verify.report import Scope
from mirror.verify.steps import Step
from mirror.verify.verdict import current_verdict
from tests.support.commands import run
from tests.support.evidence import save_all_evidence, save_days, save_rehearsal, save_run
from tests.support.factories import TRANSCRIPT, make_campaign, make_sessions

mirror_check = partial(run, "mirror_check")


def test_each_run_is_saved(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 3, transcript_text=TRANSCRIPT)
    worker.drain()
    mirror.objects.delete(next(iter(mirror.objects.list(""))).key)
    make_campaign(owner)  # pending
    assert mirror_check("--json")[0] == 1
    run = CheckRun.objects.get()
    assert (run.expected, run.in_sync, run.pending, run.parked) == (4, 2, 1, 0)
    assert run.counts["object_missing"] == run.differences == 1
    assert run.findings[0]["kind"] == "object_missing"
    assert run.complete
    assert run.seconds > 0
    assert run.oldest_pending_seconds is not None


def test_a_run_tells_how_it_looked_and_what_changed_before_it_began(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sessions(owner, 3)
    worker.drain()
    count = check.count_rows

    def count_after_a_change() -> int:
        make_campaign(owner)
        worker.drain()
        return count()

    monkeypatch.setattr(check, "count_rows", count_after_a_change)
    run = history.record(check.check(mirror, Scope(deep=True)))
    assert (run.deep, run.expected) == (True, 4)
    assert run.changes == {"creates": 3, "updates": 0, "moves": 0, "deletions": 0}
    later = history.record(check.check(mirror))
    assert (later.deep, later.changes) == (False, {**run.changes, "creates": 4})


@pytest.fixture(autouse=True)
def answering_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both stores are said to answer."""
    monkeypatch.setattr(verdict, "ask_stores", lambda: {"DynamoDB": "", "S3": ""})


@pytest.fixture
def fourteen_days(db: None) -> None:
    """All evidence: complete runs on fourteen days, today included, that found no difference."""
    save_all_evidence()


def lacking() -> tuple[str, ...]:
    """Return what is lacking, in sentences."""
    return tuple(condition.sentence for condition in current_verdict().lacking)


def test_fourteen_equal_days_are_ready(fourteen_days: None) -> None:
    judgement = current_verdict()
    assert judgement.lacking == ()
    assert judgement.ready
    assert [day.state for day in judgement.days] == ["equal"] * 14
    code, printed = mirror_check("--history")
    assert (code, "Ready to switch." in printed) == (0, True)


def test_a_period_without_checks_is_not_ready(db: None) -> None:
    assert "No complete check on 14 of the last 14 days." in lacking()
    assert mirror_check("--history")[0] == 1


def test_a_day_without_a_check_is_lacking(fourteen_days: None) -> None:
    CheckRun.objects.filter(started_at__lt=timezone.now() - timedelta(days=12.5)).delete()
    assert lacking() == ("No complete check on 1 of the last 14 days.",)


def test_samples_do_not_count_as_complete_checks(fourteen_days: None) -> None:
    CheckRun.objects.update(complete=False)
    assert "No complete check" in lacking()[0]


def test_today_is_not_lacking_before_its_first_check(db: None) -> None:
    save_days(but=(0,))
    save_run(14)
    save_rehearsal()
    Pulse().beat()
    assert current_verdict().ready


def test_one_bad_run_makes_its_day_bad(fourteen_days: None) -> None:
    save_run(3, in_sync=980, counts={"stale": 20}, parity_percent=98)
    judgement = current_verdict()
    assert lacking() == ("On 1 of the last 14 days more than 1 % differed.",)
    assert judgement.days[-4].state == "too much differs"


def test_a_small_mismatch_is_allowed_except_in_the_last_check(fourteen_days: None) -> None:
    save_run(3, in_sync=995, counts={"stale": 5}, parity_percent=99.5)
    assert current_verdict().ready
    save_run(0, in_sync=995, counts={"stale": 5}, parity_percent=99.5)
    assert lacking() == ("The last complete check found 99.5 %, not 100 %.",)


@pytest.mark.parametrize(
    ("counts", "step"),
    [
        ({"stale": 0, "orphaned": 1, "object_orphaned": 2}, steps.REMOVE_ORPHANS),
        ({"stale": 1, "orphaned": 1}, steps.REPAIR),
    ],
)
@pytest.mark.parametrize("complete", [True, False])
def test_orphans_alone_are_not_to_be_repaired(
    fourteen_days: None, counts: dict[str, int], step: Step, complete: bool
) -> None:
    save_run(0, counts=counts, parity_percent=99.5, complete=complete)
    (condition,) = current_verdict().lacking
    assert condition.step is step


def test_long_pending_and_parked_rows_are_obstacles(fourteen_days: None, owner: User) -> None:
    make_campaign(owner)
    assert current_verdict().ready
    LedgerEntry.objects.update(owed_since=timezone.now() - timedelta(hours=2))
    assert "the oldest for more than an hour" in lacking()[0]
    LedgerEntry.objects.update(parked_at=timezone.now())
    assert lacking() == ("Rows parked: 1.",)
