"""What must not pass for evidence: the verdict is not *ready* because of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from mirror.documents import registry
from mirror.models import CheckRun, is_conclusive
from mirror.verify import steps, verdict
from mirror.verify.verdict import current_verdict
from tests.support.evidence import save_all_evidence, save_run

KINDS = ("creates", "updates", "moves", "deletions")


@pytest.fixture(autouse=True)
def evidence(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is asked for; both stores are said to answer."""
    monkeypatch.setattr(verdict, "ask_stores", lambda: {"DynamoDB": "", "S3": ""})
    save_all_evidence()


def lacking() -> list[str]:
    """Return what is lacking, in sentences."""
    return [condition.sentence for condition in current_verdict().lacking]


def newest() -> CheckRun:
    """Return the run that began last."""
    run = CheckRun.objects.first()
    assert run is not None
    return run


def compare_no_rows() -> None:
    save_run(0, expected=0, in_sync=0, changes=newest().changes)


def compare_no_rows_deeply() -> None:
    CheckRun.objects.filter(deep=True).update(expected=0, in_sync=0)


def read_nothing_deeply() -> None:
    CheckRun.objects.filter(deep=True).update(in_sync=0, pending=1000, parity_percent=0)
    save_run(3)  # so that the day is checked all the same


def find_drift_in_a_sample() -> None:
    values = {"complete": False, "in_sync": 999, "counts": {"stale": 1}, "parity_percent": 99.9}
    save_run(0, **values)


@pytest.mark.parametrize(
    ("happen", "sentence"),
    [
        (compare_no_rows, "The last complete check compared no row."),
        (compare_no_rows_deeply, "read 0 of 0 rows"),
        (read_nothing_deeply, "read 0 of 1,000 rows"),
        (find_drift_in_a_sample, "A sample that was compared later differed"),
    ],
)
def test_it_proves_nothing(happen: Callable[[], None], sentence: str) -> None:
    assert lacking() == []
    happen()
    (said,) = lacking()
    assert sentence in said


def test_without_a_bucket_no_deep_check_is_asked_for(settings: Settings) -> None:
    CheckRun.objects.update(deep=False)
    (said,) = lacking()
    assert "none read every object" in said
    settings.MIRROR = {**settings.MIRROR, "STORAGE": "none"}
    assert lacking() == []


def test_a_sample_says_nothing_once_everything_is_compared_again() -> None:
    find_drift_in_a_sample()
    save_run(0, changes=newest().changes)
    assert lacking() == []


def test_what_was_repaired_differed_all_the_same() -> None:
    run = newest()
    CheckRun.objects.filter(pk=run.pk).update(repaired_count=10)
    assert lacking() == []
    assert current_verdict().days[-1].state == "within limits"
    CheckRun.objects.filter(pk=run.pk).update(repaired_count=11)
    assert lacking() == ["On 1 of the last 14 days more than 1 % differed."]
    CheckRun.objects.filter(pk=run.pk).update(repaired_count=9000)  # several of one row
    assert current_verdict().days[-1].worst_mismatch_percent == 100


def leave_pending(rows: int, days_ago: int) -> None:
    """Let the check of that day have found so many of its 1,000 rows pending."""
    run = CheckRun.objects.all()[days_ago]
    run.in_sync, run.pending, run.parity_percent = 1000 - rows, rows, Decimal(1000 - rows) / 10
    run.save()


def test_a_day_on_which_most_was_pending_is_no_checked_day() -> None:
    leave_pending(10, days_ago=5)
    assert lacking() == []
    assert current_verdict().days[-6].state == "within limits"
    leave_pending(962, days_ago=5)
    assert lacking() == [
        "On 1 of the last 14 days each complete check left more than 1 % of the rows pending."
    ]
    assert current_verdict().days[-6].state == "too much pending"
    save_run(5)
    assert lacking() == []
    assert current_verdict().days[-6].state == "equal"


def test_one_pending_row_of_a_small_table_is_no_reason_for_another_check(
    settings: Settings,
) -> None:
    settings.MIRROR = {**settings.MIRROR, "ALLOWED_MISMATCH_PERCENT": 0}
    counts = [(0, 0), (12, 0), (12, 1), (12, 2), (1000, 10), (1000, 11), (1, 1)]
    conclusive = [is_conclusive(expected, pending) for expected, pending in counts]
    assert conclusive == [True, True, True, False, True, False, False]


def test_a_day_is_shown_as_its_check_that_counts_found_it() -> None:
    save_run(5, in_sync=38, pending=962, parity_percent=Decimal("3.8"))  # after one of 100 %
    day = current_verdict().days[-6]
    assert (day.state, day.lowest_percent) == ("equal", 100)


def test_today_is_not_lacking_because_much_is_pending_but_is_checked_again() -> None:
    save_run(14, changes=dict.fromkeys(KINDS, 0))
    leave_pending(962, days_ago=0)
    judgement = current_verdict()
    assert [condition.step for condition in judgement.lacking] == [steps.CHECK_AGAIN]
    assert lacking() == ["The last complete check found 3.8 %, not 100 %. The rest was pending."]
    assert judgement.can_be_today
    save_run(0, changes=newest().changes)
    assert lacking() == []
    assert current_verdict().days[-1].state == "equal"


def test_what_is_pending_hides_no_difference_of_today() -> None:
    leave_pending(900, days_ago=0)
    CheckRun.objects.filter(pk=newest().pk).update(in_sync=50, counts={"stale": 50})
    assert "On 1 of the last 14 days more than 1 % differed." in lacking()


def test_counts_that_begin_anew_are_no_changes() -> None:
    CheckRun.objects.update(changes=dict.fromkeys(KINDS, 9))
    CheckRun.objects.filter(pk=newest().pk).update(changes=dict.fromkeys(KINDS, 0))
    (said,) = lacking()
    assert "0 creates, 0 updates, 0 moves, 0 deletions" in said


def test_no_move_is_asked_for_where_no_row_can_move(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = newest().changes
    assert changes
    CheckRun.objects.filter(pk=newest().pk).update(changes={**changes, "moves": 100})
    (said,) = lacking()
    assert said.endswith("9 creates, 7 updates, 0 moves, 2 deletions. One of each is the least.")

    def keys(instance: Any) -> dict[str, str]:
        return {"pk": f"row#{instance.pk}", "sk": "row"}

    for document in registry.documents():
        monkeypatch.setattr(document, "keys", keys)
    assert lacking() == []
    reason = "0 moves, 2 deletions. No row can move, as pk and sk depend on primary keys alone."
    assert any(c.sentence.endswith(reason) for c in current_verdict().conditions)
    CheckRun.objects.update(changes=dict.fromkeys(KINDS, 9))
    (said,) = lacking()
    assert said.endswith("primary keys alone. One of each other kind is the least.")


def test_changes_before_counts_begin_anew_and_after_are_added() -> None:
    CheckRun.objects.update(changes=None)
    for days_ago, count in ((9, 50), (8, 52), (7, 1), (6, 4)):
        save_run(days_ago, changes=dict.fromkeys(KINDS, count))
    changes = current_verdict().facts.changes
    assert changes == (5, 5, 5, 5)  # 2, then none that can be told from the old ones, then 3
    assert lacking() == []


def test_neither_findings_nor_repairs_are_read() -> None:
    with CaptureQueriesContext(connection) as queries:
        current_verdict()
    (of_runs,) = (q["sql"] for q in queries if 'FROM "mirror_checkrun"' in q["sql"])
    assert '"findings"' not in of_runs
    assert '"repaired"' not in of_runs


def test_a_run_that_seems_to_begin_tomorrow_hides_no_other() -> None:
    """The clock of the machine that checked was wrong."""
    save_run(-1)
    assert lacking() == []
    save_run(0, in_sync=995, counts={"stale": 5}, parity_percent=99.5)
    assert lacking() == ["The last complete check found 99.5 %, not 100 %."]
