"""``mirror_restore``: its options, and the table that it prints."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from mirror.management.commands.mirror_restore import COLUMNS, Command
from mirror.models import LedgerEntry, RestoreRun
from mirror.models.clock import database_time
from mirror.restore.counts import RestoreCounts
from mirror.restore.restore import restore
from mirror.stores.clients import Stores
from mirror.verify.steps import RUNBOOK
from sessions_app.models import Session
from tests.support.aws import cut_off
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_campaign, make_sessions
from tests.support.restored import of_sessions
from tests.support.stored import assert_equal_after_sync

mirror_restore = partial(run, "mirror_restore")


@pytest.fixture
def rows(mirror: Stores, owner: User) -> None:
    """A campaign and two sessions, mirrored."""
    make_sessions(owner, 2, make_campaign(owner), transcript_text=TRANSCRIPT)
    assert_equal_after_sync(mirror)


def test_equal_stores_are_printed_as_a_table_of_numbers(mirror: Stores, rows: None) -> None:
    code, printed = mirror_restore("--dry-run")
    assert code == 0
    assert of_sessions(restore(mirror, apply=False)) == RestoreCounts(
        "sessions_app.session", equal=2
    )
    *table, end = printed.splitlines()
    assert [line.split() for line in table] == [
        ["equal", "differ", "missing", "unrestorable", "unmirrored", "pending"],
        ["campaigns.campaign", "1", "0", "0", "0", "0", "0"],
        ["sessions_app.session", "2", "0", "0", "0", "0", "0"],
        ["sessions_app.highlight", "0", "0", "0", "0", "0", "0"],
    ]
    assert end == "Nothing to restore: PostgreSQL has every row that the mirror has."


def test_one_restored_row_is_one_row(mirror: Stores, rows: None) -> None:
    lost = Session.objects.all()[0].pk
    Session.objects.filter(pk=lost).delete()
    LedgerEntry.objects.filter(object_id=lost).delete()
    assert mirror_restore("--dry-run")[1].splitlines()[-1] == (
        "1 row would be restored with --apply, unless a constraint refuses it: a dry run inserts "
        "nothing."
    )
    assert "1 row is restored and enqueued" in mirror_restore("--apply")[1]


def test_the_columns_are_explained_if_they_count_something(rows: None) -> None:
    Session.objects.update(name="changed")
    LedgerEntry.objects.update(mirrored_revision=F("revision"))
    printed = mirror_restore("--dry-run")[1]
    assert "\ndiffer: in both, with other values; never overwritten.\n" in printed
    assert "unmirrored:" not in printed
    words = " ".join(Command().create_parser("manage.py", "mirror_restore").format_help().split())
    for title, meaning in COLUMNS.values():
        assert f"{title}: {meaning}." in words


def test_deletions_that_are_pending_are_left_alone_and_told_of(rows: None) -> None:
    Session.objects.all().delete()
    for mode in ("--dry-run", "--apply"):
        code, printed = mirror_restore(mode)
        assert (code, "Nothing to restore" in printed) == (0, False)
        assert printed.splitlines()[-1] == (
            "2 rows are left alone, as changes of them are pending. If rows were deleted by "
            f"mistake, see {RUNBOOK}, “After a loss of rows”."
        )
    assert "\n## After a loss of rows\n" in RUNBOOK.read_text()


def test_exactly_one_mode_is_required(db: None) -> None:
    for arguments in ([], ["--dry-run", "--apply"]):
        with pytest.raises(CommandError):
            call_command("mirror_restore", *arguments)


def test_a_store_out_of_reach_is_named(
    rows: None, aws_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off("S3", aws_address, monkeypatch)
    code, printed = mirror_restore("--dry-run")
    assert (code, printed.count("\n")) == (2, 1)
    assert printed.startswith("S3 cannot be reached or used: EndpointConnectionError. ")
    assert not RestoreRun.objects.exists()


def test_each_run_is_saved_in_numbers(rows: None) -> None:
    before = database_time()
    mirror_restore("--dry-run")
    run = RestoreRun.objects.get()
    assert before < run.started_at < database_time()
    assert run.seconds > 0
    assert (run.dry_run, run.complete) == (True, True)
    assert run.rows["sessions_app.session"] == {
        "equal": 2, "differ": 0, "restored": 0, "impossible": 0, "lost": 0, "pending": 0
    }  # fmt: skip
    assert (run.count("equal"), run.count("equal", "lost")) == (3, 3)


def test_only_a_run_after_which_nothing_is_missing_is_complete(rows: None) -> None:
    lost = Session.objects.all()[0].pk
    Session.objects.filter(pk=lost).delete()
    LedgerEntry.objects.filter(object_id=lost).delete()
    for mode in ("--dry-run", "--apply", "--dry-run"):
        mirror_restore(mode)
    in_order = RestoreRun.objects.order_by("started_at").values_list("dry_run", "complete")
    assert list(in_order) == [(True, False), (False, True), (True, True)]
    Session.objects.exclude(pk=lost).update(name="changed")
    LedgerEntry.objects.update(mirrored_revision=F("revision"))
    assert mirror_restore("--dry-run")[0] == 1
    last = RestoreRun.objects.all()[0]
    assert (last.complete, last.count("differ")) == (False, 1)


def test_a_database_that_is_read_only_is_compared_all_the_same(rows: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            code, printed = mirror_restore("--dry-run")
        finally:
            cursor.execute("SET default_transaction_read_only = off")
    assert (code, "not recorded" in printed) == (0, True)
    assert "ReadOnlySqlTransaction" in printed
    assert not RestoreRun.objects.exists()
