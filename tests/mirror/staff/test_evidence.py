"""The evidence of the period: every check as CSV, and a page to print and sign."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from mirror import __version__
from mirror.models import CheckRun, Outage
from mirror.staff import evidence
from mirror.verify import verdict
from tests.support.evidence import save_all_evidence

CSV, SHEET = "/admin/mirror/history.csv", "/admin/mirror/evidence/"


def save_run(started_at: datetime, **values: object) -> None:
    fields = {
        "seconds": 12.34,
        "complete": True,
        "expected": 1000,
        "in_sync": 998,
        "pending": 1,
        "parked": 0,
        "counts": {"stale": 1, "orphaned": 2},
        "findings": [],
        "parity_percent": "99.6007",
    }
    CheckRun.objects.create(started_at=started_at, **fields | values)


def test_every_check_is_a_line(
    admin_client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "PORTION", 2)
    begin = datetime(2026, 2, 3, 14, 5, tzinfo=UTC)
    for number in range(5):
        save_run(
            begin + timedelta(days=number),
            deep=number == 1,
            parity_percent="100" if number == 1 else "99.6007",
        )
    answer = admin_client.get(CSV)
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "mirror-checks-" in answer["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))
    assert [line["Started (UTC)"][:10] for line in lines] == [
        f"2026-02-0{number}" for number in range(3, 8)
    ]
    assert [line["Every object read"] for line in lines] == ["no", "yes", "no", "no", "no"]
    assert lines[1]["In sync, percent of rows and orphans"] == "100"
    assert lines[0] == {
        "Started (UTC)": "2026-02-03T14:05:00Z",
        "Duration in seconds": "12.3",
        "Everything compared": "yes",
        "Every object read": "no",
        "Machines": "1",
        "Rows": "1000",
        "Orphans": "2",
        "In sync": "998",
        "Pending": "1",
        "Differing": "3",
        "Parked": "0",
        "In sync, percent of rows and orphans": "99.6007",
        "Findings that a repair was tried on": "0",
        "Findings: missing": "0",
        "Findings: stale": "1",
        "Findings: orphaned": "2",
        "Findings: object_missing": "0",
        "Findings: object_stale": "0",
        "Findings: object_orphaned": "0",
        "Read units": "",
    }


def test_a_history_without_checks_has_its_columns_alone(admin_client: Client, db: None) -> None:
    (line,) = b"".join(admin_client.get(CSV)).decode().splitlines()
    assert line.startswith("Started (UTC),Duration in seconds,")


def test_the_sheet_has_the_verdict_the_days_and_room_to_sign(
    admin_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(verdict, "ask_stores", lambda: {"DynamoDB": "", "S3": ""})
    page = " ".join(admin_client.get(SHEET).text.split())
    assert "Not ready to switch" in page
    assert "There was no outage in this time." in page
    assert f"with version {__version__}" in page
    assert "by admin" in page
    with django_assert_num_queries(11):
        admin_client.get(SHEET)
    now = timezone.now()
    for days_ago in range(14):
        save_run(now - timedelta(days=days_ago), deep=True, repaired_count=2)
    ended = now - timedelta(days=2)
    Outage.objects.create(
        store="S3",
        started_at=ended - timedelta(minutes=3),
        ended_at=ended,
        waiting=1446,
        equal_at=ended + timedelta(seconds=7),
    )
    with django_assert_num_queries(11):
        page = " ".join(admin_client.get(SHEET).text.split())
    assert "<td>99.6007 %</td>" in page
    assert "<td>1,002</td>" in page
    assert "<dt>of these, every object read</dt><dd>14</dd>" in page
    assert "<dt>Differences that a repair was tried on</dt><dd>28</dd>" in page
    assert "<td>3 min 0 s</td><td>1,446 changes</td><td>7 s</td>" in page
    assert page.count("<dt>Signature</dt>") == 2
    assert "style=" not in page


@pytest.mark.usefixtures("db")
def test_the_sheet_has_outages_that_go_on_and_says_if_there_were_more(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "ask_stores", lambda: {"DynamoDB": "", "S3": ""})
    monkeypatch.setattr(evidence, "MOST_OUTAGES", 2)
    before = timezone.now() - timedelta(days=30)
    Outage.objects.create(store="S3", started_at=before, ended_at=before + timedelta(days=1))
    assert "There was no outage in this time." in admin_client.get(SHEET).text
    Outage.objects.create(store="DynamoDB", started_at=before)
    page = admin_client.get(SHEET).text
    assert "not over" in page
    assert "The newest" not in page
    for day in (1, 2):
        ended = timezone.now() - timedelta(days=day)
        Outage.objects.create(store="S3", started_at=ended, ended_at=ended)
    page = admin_client.get(SHEET).text
    assert "The newest 2; there were more." in page
    assert page.count('<tr><th scope="row">S3</th>') == 2


@pytest.mark.usefixtures("db")
def test_the_sheet_counts_the_checks_of_the_period_alone(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "ask_stores", lambda: {"DynamoDB": "", "S3": ""})
    save_run(timezone.now() - timedelta(days=30), deep=True)
    save_run(timezone.now(), deep=True, complete=False)
    save_run(timezone.now())
    page = " ".join(admin_client.get(SHEET).text.split())
    assert "<dt>Complete checks</dt><dd>1</dd>" in page
    assert "<dt>of these, every object read</dt><dd>0</dd>" in page
    assert "<dt>Samples</dt><dd>1</dd>" in page


@pytest.mark.usefixtures("db")
def test_who_signs_agrees_to_what_the_verdict_says(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "ask_stores", lambda: {"DynamoDB": "", "S3": ""})
    assert "DynamoDB and S3 are not yet fit" in admin_client.get(SHEET).text
    save_all_evidence()
    assert "DynamoDB and S3 are fit" in admin_client.get(SHEET).text


def test_what_was_found_is_not_read_for_the_file(admin_client: Client, db: None) -> None:
    save_run(timezone.now())
    with CaptureQueriesContext(connection) as queries:
        assert b"".join(admin_client.get(CSV)).count(b"\n") == 2
    of_runs = [q["sql"] for q in queries if 'FROM "mirror_checkrun"' in q["sql"]]
    assert of_runs
    assert not any('"findings"' in sql or '"repaired"' in sql for sql in of_runs)
