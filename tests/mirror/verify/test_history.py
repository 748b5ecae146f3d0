"""What the owners decide on: checks beside live traffic, their history, and the verdict."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from campaigns.models import Campaign
from mirror.models import CheckRun, LedgerEntry
from mirror.stores.clients import Stores
from mirror.stores.s3 import ObjectStore
from mirror.sync import worker
from mirror.verify import check, history
from mirror.verify.report import Scope
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.stored import assert_equal, assert_equal_after_sync, item_of

mirror_check = partial(run, "mirror_check")


def make_sessions(owner: User, count: int) -> list[Session]:
    campaign = Campaign.objects.create(owner=owner, name="C")
    return Session.objects.bulk_create(
        Session(owner=owner, campaign=campaign, name=f"S{n}", transcript_text=f"MATT: {n}")
        for n in range(count)
    )


# Beside live traffic -----------------------------------------------------------------------


def in_background(stop: threading.Event, work: Callable[[], object]) -> threading.Thread:
    def keep_working() -> None:
        try:
            while not stop.is_set():
                work()
        finally:
            connection.close()

    thread = threading.Thread(target=keep_working)
    thread.start()
    return thread


def test_a_check_beside_constant_writes_finds_no_drift(mirror: Stores, owner: User) -> None:
    sessions = make_sessions(owner, 60)
    other = Campaign.objects.create(owner=owner, name="Other")
    assert_equal_after_sync(mirror)
    stop, turn = threading.Event(), iter(range(10**9))

    def save() -> None:
        number = next(turn)
        session = Session.objects.get(pk=sessions[number % 50].pk)
        session.transcript_text = f"LAURA: {number}"
        session.campaign = other if number % 3 else None
        session.save()
        extra = Session.objects.create(owner=owner, name="comes and goes", transcript_text="x")
        extra.delete()

    writers = [in_background(stop, save), in_background(stop, worker.mirror_due)]
    try:
        reports = [check.check(mirror) for _ in range(6)]
    finally:
        stop.set()
        for writer in writers:
            writer.join()

    assert next(turn) > 20  # they did write meanwhile
    assert [sorted(report.findings, key=str) for report in reports] == [[]] * 6
    assert_equal_after_sync(mirror)


# Scope -------------------------------------------------------------------------------------


def test_a_sample_is_the_same_rows_each_time(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 60)
    assert_equal_after_sync(mirror)
    first = check.check(mirror, Scope(sample=20))
    again = check.check(mirror, Scope(sample=20))
    assert 0 < first.expected < 40
    assert (first.expected, first.in_sync) == (again.expected, again.in_sync)
    assert not first.findings
    assert not first.complete


def test_a_sample_sees_what_is_wrong_with_its_rows(mirror: Stores, owner: User) -> None:
    sessions = make_sessions(owner, 60)
    assert_equal_after_sync(mirror)
    chosen = [s for s in sessions if Scope(sample=20).has(str(s.pk))]
    for session in sessions:
        mirror.objects.delete(item_of(mirror, session.pk)["transcriptStorageKey"])
    report = check.check(mirror, Scope(sample=20))
    assert {finding.object_id for finding in report.findings} == {str(s.pk) for s in chosen}


def test_an_ordinary_check_reads_no_object_and_a_deep_one_reads_all(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sessions(owner, 10)
    assert_equal_after_sync(mirror)
    read: list[str] = []
    get = ObjectStore.get

    def count(self: ObjectStore, key: str) -> bytes | None:
        read.append(key)
        return get(self, key)

    monkeypatch.setattr(ObjectStore, "get", count)
    assert check.check(mirror).parity_percent == 100
    assert read == []
    assert check.check(mirror, Scope(deep=True)).parity_percent == 100
    assert len(read) == 10


def test_where_s3_lists_no_md5_the_object_is_read(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sessions(owner, 3)
    assert_equal_after_sync(mirror)
    monkeypatch.setattr("mirror.documents.bodies.hashlib.md5", lambda *_, **__: _NoDigest())
    assert check.check(mirror).parity_percent == 100


class _NoDigest:
    def hexdigest(self) -> str:
        return "what KMS makes of it"


def test_few_requests(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 120)
    assert_equal_after_sync(mirror)
    asked: list[str] = []

    def note(model: Any, **_: Any) -> None:
        asked.append(model.name)

    mirror.items.client.meta.events.register("before-call.*.*", note)
    mirror.objects.storage.client.meta.events.register("before-call.*.*", note)
    check.check(mirror)
    assert len(asked) < 12, asked


@pytest.mark.parametrize("wrong", ["0", "101", "-1", "many"])
def test_a_sample_must_be_a_percentage(db: None, wrong: str) -> None:
    with pytest.raises(CommandError, match="above 0, up to 100"):
        call_command("mirror_check", f"--sample={wrong}")


# The page ----------------------------------------------------------------------------------


def test_the_page_shows_findings_and_escapes_them(
    mirror: Stores, owner: User, tmp_path: Path
) -> None:
    assert_equal_after_sync(mirror)
    mirror.items.client.put_item(
        TableName=mirror.items.table, Item={"pk": {"S": "<script>"}, "sk": {"S": "&"}}
    )
    page = tmp_path / "report.html"
    assert mirror_check("--html", str(page))[0] == 1
    text = page.read_text()
    assert "&lt;script&gt; &amp;" in text
    assert "<script>" not in text
    assert "Not ready to switch" in text
    code, said = check_error("--html", str(tmp_path / "absent" / "x.html"))
    assert (code, "cannot be written" in said) == (2, True)


def check_error(*arguments: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as refusal:
        call_command("mirror_check", *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    return refusal.value.returncode, str(refusal.value)


def test_options_of_a_repair_need_a_repair(db: None) -> None:
    assert check_error("--dry-run")[0] == 2
    assert check_error("--delete-orphans")[0] == 2


# History and verdict -----------------------------------------------------------------------


def test_each_run_is_kept(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 3)
    worker.drain()
    mirror.objects.delete(next(iter(mirror.objects.list(""))).key)
    Campaign.objects.create(owner=owner, name="on its way")
    assert mirror_check("--json")[0] == 1
    run = CheckRun.objects.get()
    assert (run.expected, run.in_sync, run.pending, run.parked) == (5, 3, 1, 0)
    assert run.counts["object_missing"] == run.differences == 1
    assert run.findings[0]["kind"] == "object_missing"
    assert run.complete
    assert run.seconds > 0
    assert run.oldest_pending_seconds is not None


def a_run(days_ago: float, **fields: Any) -> CheckRun:
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


@pytest.fixture
def fortnight(db: None) -> None:
    for days_ago in range(14):
        a_run(days_ago)


def test_fourteen_equal_days_are_ready(fortnight: None) -> None:
    verdict = history.verdict()
    assert verdict.lacking == ()
    assert verdict.ready
    assert [day.state for day in verdict.days] == ["equal"] * 14
    code, printed = mirror_check("--history")
    assert (code, "Ready to switch." in printed) == (0, True)


def test_nothing_checked_is_not_ready(db: None) -> None:
    assert history.verdict().lacking == ("No complete check on 14 of the last 14 days.",)
    assert mirror_check("--history")[0] == 1


def test_a_day_without_a_check_is_lacking(fortnight: None) -> None:
    CheckRun.objects.filter(started_at__lt=timezone.now() - timedelta(days=12.5)).delete()
    assert history.verdict().lacking == ("No complete check on 1 of the last 14 days.",)


def test_a_sample_is_no_complete_check(fortnight: None) -> None:
    CheckRun.objects.update(complete=False)
    assert "No complete check" in history.verdict().lacking[0]


def test_today_counts_once_it_is_checked(db: None) -> None:
    for days_ago in range(1, 15):
        a_run(days_ago)
    assert history.verdict().ready


def test_one_bad_run_spoils_its_day(fortnight: None) -> None:
    a_run(3, in_sync=980, counts={"stale": 20}, parity_percent=98)
    verdict = history.verdict()
    assert verdict.lacking == ("On 1 of the last 14 days more than 1 % differed.",)
    assert verdict.days[-4].state == "too much"


def test_a_little_mismatch_is_allowed_but_not_at_the_end(fortnight: None) -> None:
    a_run(3, in_sync=995, counts={"stale": 5}, parity_percent=99.5)
    assert history.verdict().ready
    a_run(0, in_sync=995, counts={"stale": 5}, parity_percent=99.5)
    assert history.verdict().lacking == ("The last complete check found 99.5 %, not 100 %.",)


def test_old_pending_and_parked_changes_are_lacking(fortnight: None, owner: User) -> None:
    Campaign.objects.create(owner=owner, name="just now")
    assert history.verdict().ready
    LedgerEntry.objects.update(owed_since=timezone.now() - timedelta(hours=2))
    assert "the oldest for more than an hour" in history.verdict().lacking[0]
    LedgerEntry.objects.update(parked_at=timezone.now())
    assert history.verdict().lacking == ("Objects parked: 1.",)


# Backfill ----------------------------------------------------------------------------------


def before_the_mirror(owner: User, count: int) -> None:
    make_sessions(owner, count)
    LedgerEntry.objects.all().delete()


def test_a_backfill_brings_what_existed_before(mirror: Stores, owner: User) -> None:
    before_the_mirror(owner, 30)
    assert worker.drain().mirrored == 0
    assert run("mirror_sync", "--all") == (
        0,
        "31 rows are enqueued.\n31 mirrored, 0 pending, 0 parked.\n",
    )
    assert_equal(mirror)


def test_a_backfill_goes_on_where_it_was_stopped(mirror: Stores, owner: User) -> None:
    before_the_mirror(owner, 30)
    from mirror.sync.backfill import enqueue_all

    enqueue_all()
    stop = threading.Event()
    first = worker.Worker(stop=stop, progress=lambda _: stop.set()).drain()
    assert 0 < first.mirrored < 31
    second = worker.drain()
    assert first.mirrored + second.mirrored == 31
    assert_equal(mirror)
    assert set(LedgerEntry.objects.values_list("revision", flat=True)) == {2}


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("known", [True, False], ids=["known", "new to the ledger"])
def test_a_backfill_does_not_wait_for_a_long_transaction_while_it_holds_others(
    mirror: Stores, owner: User, known: bool
) -> None:
    from mirror.sync.backfill import enqueue_all

    *others, busy = sorted(make_sessions(owner, 10), key=lambda session: session.pk)
    if not known:
        LedgerEntry.objects.all().delete()
    locked, release, done = threading.Event(), threading.Event(), threading.Event()
    released: list[bool] = []

    def hold() -> None:
        from django.db import transaction

        with transaction.atomic():
            Session.objects.filter(pk=busy.pk).update(name="held")
            locked.set()
            released.append(release.wait(20))
        connection.close()

    def backfill() -> None:
        enqueue_all()
        done.set()
        connection.close()

    holder, marker = threading.Thread(target=hold), threading.Thread(target=backfill)
    holder.start()
    locked.wait(10)
    marker.start()
    while not somebody_waits_for_a_lock():
        done.wait(0.01)
    for session in others:  # nobody else has to wait
        Session.objects.filter(pk=session.pk).update(name="free")
    release.set()
    holder.join()
    marker.join()
    assert done.is_set()
    assert released == [True]  # before its patience ended: no update above waited for the marker
    assert_equal_after_sync(mirror)


def test_what_is_gone_is_owed_too(mirror: Stores, owner: User) -> None:
    sessions = make_sessions(owner, 2)
    worker.drain()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sessions_app_session DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM sessions_app_session WHERE id = %s", [sessions[0].pk])
        cursor.execute("ALTER TABLE sessions_app_session ENABLE TRIGGER USER")
    assert {f.kind for f in check.check(mirror).findings} == {"orphaned", "object_orphaned"}
    assert run("mirror_sync", "--all")[0] == 0
    assert_equal(mirror)


def test_the_rate_is_kept(mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make_sessions(owner, 20)
    waits: list[float] = []
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", waits.append)
    drained = worker.Worker(stop=stop, rate=0.01).drain()
    assert drained.mirrored == 21
    turns = sorted(round(wait, -1) for wait in waits if wait > 50)
    assert turns[:3] == [100, 200, 300]
    assert len(turns) == 20


@pytest.mark.parametrize("wrong", ["0", "-1", "fast", "inf", "nan"])
def test_a_rate_must_be_a_number(db: None, wrong: str) -> None:
    with pytest.raises(CommandError, match="above 0"):
        call_command("mirror_sync", f"--rate={wrong}")


def test_json_has_the_whole_report(mirror: Stores) -> None:
    report = json.loads(mirror_check("--json", "--sample", "50")[1])
    assert report["complete"] is False
