"""The report: its form as JSON, parity, and samples."""

from __future__ import annotations

import json
from functools import partial

from django.contrib.auth.models import User

from mirror.stores.clients import Stores
from mirror.verify import check
from mirror.verify.report import Report, Scope
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_sessions
from tests.support.stored import assert_equal_after_sync, live_items

mirror_check = partial(run, "mirror_check")


def test_the_report_of_equal_stores_counts_all_rows_and_no_findings(
    mirror: Stores, session: Session
) -> None:
    code, printed = mirror_check("--json")
    assert code == 0
    report = json.loads(printed)
    assert report.pop("seconds") > 0
    assert report.pop("read_units") > 0
    assert report.pop("started_at")
    assert report.pop("workers") == {"alive": 0, "last_seen_at": None}
    assert report == {
        "complete": True,
        "parity_percent": 100,
        "expected": 3,
        "in_sync": 3,
        "pending": 0,
        "findings": [],
        "counts": {
            "missing": 0,
            "stale": 0,
            "orphaned": 0,
            "object_missing": 0,
            "object_stale": 0,
            "object_orphaned": 0,
        },
    }
    assert "100 % in sync: 3 of 3 rows" in mirror_check()[1]


def test_an_empty_database_with_empty_stores_is_equal(mirror: Stores) -> None:
    assert mirror_check()[0] == 0


def test_parity_is_cut_and_not_rounded_up_to_100() -> None:
    assert Report(expected=20_000, in_sync=19_999).parity_percent == 99.995
    assert Report(expected=10**9, in_sync=10**9 - 1).parity_percent < 100


def test_the_report_of_a_sample_is_not_complete(mirror: Stores) -> None:
    report = json.loads(mirror_check("--json", "--sample", "50")[1])
    assert report["complete"] is False


def test_a_sample_has_the_same_rows_each_time(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 60, transcript_text=TRANSCRIPT)
    assert_equal_after_sync(mirror)
    first = check.check(mirror, Scope(sample=20))
    second = check.check(mirror, Scope(sample=20))
    assert 0 < first.expected < 40
    assert (first.expected, first.in_sync) == (second.expected, second.in_sync)
    assert not first.findings
    assert not first.complete


def test_a_sample_finds_the_differences_of_its_rows(mirror: Stores, owner: User) -> None:
    sessions = make_sessions(owner, 60, transcript_text=TRANSCRIPT)
    assert_equal_after_sync(mirror)
    in_sample = {str(s.pk) for s in sessions if Scope(sample=20).includes(str(s.pk))}
    for item in live_items(mirror):
        mirror.objects.delete(item["transcriptStorageKey"])
    report = check.check(mirror, Scope(sample=20))
    assert {finding.object_id for finding in report.findings} == in_sample
