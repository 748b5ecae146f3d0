"""The page of a day: its checks in words, what they found, and what became of that."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from mirror import formats
from mirror.models import CheckRequest, CheckRun, LedgerEntry
from mirror.staff import days
from mirror.stores.clients import Stores
from mirror.verify.findings import MEANINGS
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.factories import make_sessions
from tests.support.stored import item_of
from tests.support.tampering import delete_item, put_foreign_item, set_attribute

TODAY = "/admin/mirror/days/{}/"


def load(client: Client, days_ago: int = 0, **query: str) -> str:
    """Return the page of a day as text, without the breaks in its sentences."""
    shown = timezone.localdate() - timedelta(days=days_ago)
    answer = client.get(TODAY.format(shown.isoformat()), query)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def save_run(days_ago: int = 0, findings: list[dict[str, object]] | None = None) -> CheckRun:
    """Save a complete check with these findings."""
    found = findings or []
    return CheckRun.objects.create(
        started_at=timezone.now() - timedelta(days=days_ago),
        seconds=75,
        complete=True,
        expected=12_345,
        in_sync=12_345 - len(found),
        pending=0,
        parked=0,
        counts={"stale": len(found)},
        findings=found,
        parity_percent=99,
    )


def finding(row: object, kind: str = "stale") -> dict[str, object]:
    """Return a finding about a session, as a run keeps it."""
    return {
        "kind": kind,
        "model": "sessions_app.session",
        "object_id": str(row),
        "key": f"user#1 sess#{row}",
        "attributes": ["name"],
    }


def test_a_difference_is_told_with_its_row_and_what_became_of_it(
    session: Session, mirror: Stores, admin_client: Client
) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "name", {"S": "tampered"})
    assert run("mirror_check")[0] == 1
    page = load(admin_client)
    assert re.search(r"Complete: 2 rows, in (under 1|\d+) s\.", page)
    assert "50 % in sync: 1 of 2 rows, 0 pending, 1 differing. Found: 1 stale." in page
    assert MEANINGS["stale"] in page
    key = f'<span class="mirror-key">sessions_app.session {session.pk}</span>'
    assert f"<strong>&lt;b&gt;S&lt;/b&gt;</strong><br>{key}" in page
    assert f'href="/admin/mirror/compare/sessions_app.session/{session.pk}/"' in page
    assert "Still differs in the check of" in page
    assert "Last mirrored" in page
    assert "tampered" not in page

    assert run("mirror_check", "--repair")[0] == 0
    page = load(admin_client)
    assert "1 difference." in page
    assert "A first comparison found 1 difference, which --repair tried to repair." in page
    assert "A repair mirrored it again," in page
    assert "No longer differs in the check of" in page
    assert "Still differs" not in page


def test_deep_checks_samples_and_shares_are_named(
    session: Session, mirror: Stores, admin_client: Client
) -> None:
    run("mirror_check", "--deep")
    run("mirror_check", "--sample", "50")
    run("mirror_check", "--segment", "1/2")
    run("mirror_check", "--segment", "2/2")
    page = load(admin_client)
    assert "Complete, every object read: 2 rows" in page
    assert "A sample: " in page
    assert "Complete, shared by 2 machines: 2 rows" in page
    assert "Nothing differed." in page


def test_a_sample_does_not_say_that_all_was_compared(admin_client: Client) -> None:
    CheckRun.objects.filter(pk=save_run().pk).update(pending=9000)
    CheckRun.objects.filter(pk=save_run().pk).update(complete=False)
    assert "Nothing differed in what was compared." in load(admin_client)


def test_orphans_are_named_by_their_keys(
    session: Session, mirror: Stores, admin_client: Client
) -> None:
    put_foreign_item(mirror, {})
    run("mirror_check")
    page = load(admin_client)
    assert "2 rows and 1 orphan, in" in page
    assert "not written by the mirror" in page
    assert MEANINGS["orphaned"] in page


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (None, "Still differs in the check of"),
        ([], "No longer differs in the check of"),
        ("cut", "Not among the first 1 of the 1,000 differences of"),
    ],
)
def test_the_latest_check_says_what_is_so_now(
    session: Session, admin_client: Client, later: object, words: str
) -> None:
    save_run(2, [finding(session.pk)])
    if later is not None:
        latest = save_run(1, [finding("0")] if later == "cut" else [])
        latest.counts = {"stale": 1000} if later == "cut" else {}
        latest.save()
    assert words in load(admin_client, 2)


def test_a_difference_of_a_sample_may_not_have_been_compared_since(
    session: Session, admin_client: Client
) -> None:
    save_run(1)
    sample = save_run(0, [finding(session.pk)])
    CheckRun.objects.filter(pk=sample.pk).update(complete=False)
    page = load(admin_client)
    assert "No complete check since." in page
    assert "unknown" in page


def test_the_ledger_says_what_is_pending_and_parked(session: Session, admin_client: Client) -> None:
    save_run(0, [finding(session.pk), finding("10000000-0000-4000-8000-000000000000")])
    entry = LedgerEntry.objects.filter(object_id=session.pk)
    entry.update(revision=9)
    assert "Now pending since" in load(admin_client)
    entry.update(parked_at=timezone.now(), error_class="Unmirrorable", error_code="ItemTooLarge")
    page = load(admin_client)
    assert "Now parked since" in page
    assert "Unmirrorable ItemTooLarge" in page
    assert "The ledger has no entry for it." in page


def test_a_name_is_shown_to_staff_who_may_view_the_row(session: Session, client: Client) -> None:
    save_run(0, [finding(session.pk)])
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_ledgerentry"))
    client.force_login(staff)
    page = load(client)
    assert str(session.pk) in page
    assert "&lt;b&gt;S" not in page
    assert "/compare/" not in page
    staff.user_permissions.add(
        Permission.objects.get(codename="view_session", content_type__app_label="sessions_app")
    )
    client.force_login(User.objects.get(pk=staff.pk))
    page = load(client)
    assert "&lt;b&gt;S" in page
    assert "/compare/" in page


def test_the_number_of_queries_is_the_same_for_many_findings(
    session: Session,
    owner: User,
    admin_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    save_run(0, [finding(session.pk)])
    for _ in range(2):
        with django_assert_num_queries(8):
            load(admin_client)
        many = [finding(row.pk) for row in make_sessions(owner, 40, transcript_text="x")]
        save_run(0, many)
        save_run(0, [*many, finding("no uuid")])


def test_many_differences_are_divided_into_pages(
    session: Session, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "A_PAGE", 2)
    save_run(0, [finding(f"1000000{n}-0000-4000-8000-000000000000") for n in range(3)])
    page = load(admin_client)
    assert "10000001-" in page
    assert "10000002-" not in page
    assert "Page 1 of 2" in page
    page = load(admin_client, page="2")
    assert "10000002-" in page
    assert "10000001-" not in page


def test_an_object_in_no_row_s_folder_is_told_of(
    session: Session, mirror: Stores, admin_client: Client
) -> None:
    """The console of S3 puts an empty object where somebody makes a folder."""
    mirror.objects.storage.bucket.put_object(Key="transcripts/", Body=b"")
    assert run("mirror_check")[0] == 1
    (one,) = CheckRun.objects.get().findings
    assert (one["object_id"], one["model"]) == ("", "sessions_app.session")
    assert "/compare/sessions_app.session/" not in load(admin_client)
    assert admin_client.get("/admin/mirror/").status_code == 200


def test_repairs_that_were_cut_are_said_to_be(session: Session, admin_client: Client) -> None:
    save_run(0)
    assert "keeps the first 200" not in load(admin_client)
    CheckRun.objects.update(repaired=[finding(session.pk)], repaired_count=2)
    assert "keeps the first 200" in load(admin_client)


def test_what_was_pending_is_not_said_to_be_equal(admin_client: Client, db: None) -> None:
    run_ = save_run(0)
    CheckRun.objects.update(in_sync=345, pending=12_000)
    asked, _ = CheckRequest.objects.ask(deep=False)
    CheckRequest.objects.update(run=run_, finished_at=timezone.now(), done=True)
    pages = [
        load(admin_client),
        admin_client.get(f"/admin/mirror/check/{asked.pk}/").text,
        admin_client.get("/admin/mirror/checkrun/").text,
    ]
    for page in pages:
        assert "no differences" not in page
        assert "12,000 pending, not compared" in page
    assert "Nothing differed in what was compared." in pages[0]
    save_run(0)
    assert "Nothing differed." in load(admin_client)


def test_a_row_that_was_pending_in_the_latest_check_is_not_said_to_be_equal(
    session: Session, admin_client: Client
) -> None:
    save_run(1, [finding(session.pk)])
    session.save()  # pending
    CheckRun.objects.filter(pk=save_run(0).pk).update(pending=1)
    page = load(admin_client, 1)
    assert "Pending in the check of" in page
    assert "No longer differs" not in page


def test_a_day_without_checks_says_so(admin_client: Client, db: None) -> None:
    assert "No check ran on this day." in load(admin_client)
    assert "Nothing differed" not in load(admin_client, 3)


@pytest.mark.parametrize(
    "text", ["2026-1-1", "20260101", "today", "1999-12-31", "9999-12-31", "2026-02-30"]
)
def test_what_is_no_day_is_not_found(admin_client: Client, db: None, text: str) -> None:
    assert admin_client.get(TODAY.format(text)).status_code == 404


def test_a_deleted_row_has_no_name(session: Session, mirror: Stores, admin_client: Client) -> None:
    delete_item(mirror, item_of(mirror, session.pk))
    run("mirror_check")
    session_id = session.pk
    session.delete()
    page = load(admin_client)
    assert "S</strong>" not in page
    assert str(session_id) in page
    assert "Now pending since" in page


def test_a_day_has_its_own_runs_and_no_others(session: Session, admin_client: Client) -> None:
    for days_ago in range(3):
        save_run(days_ago, [finding(f"day {days_ago}")])
    page = load(admin_client, 1)
    assert "day 1" in page
    assert "day 0" not in page
    assert "day 2" not in page


def test_of_many_runs_the_last_are_shown(
    admin_client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "MOST_RUNS", 2)
    save_run()
    save_run()
    assert "of the day." not in load(admin_client)
    save_run()
    assert "The last 2 of the day." in load(admin_client)


def test_differences_are_told_by_kind_and_once_for_all_runs(
    session: Session, admin_client: Client
) -> None:
    stale, orphaned = finding("a"), finding("b", "orphaned")
    for run_ in (save_run(0, [orphaned, stale]), save_run(0, [stale])):
        CheckRun.objects.filter(pk=run_.pk).update(repaired=[stale])
    page = load(admin_client)
    assert "2 differences, each listed once" in page
    assert page.count("2 times") == 1
    assert page.index("<h3>stale</h3>") < page.index("<h3>orphaned</h3>")


def test_no_long_text_is_read_for_a_name(session: Session, admin_client: Client) -> None:
    save_run(0, [finding(session.pk)])
    with CaptureQueriesContext(connection) as queries:
        assert "&lt;b&gt;S" in load(admin_client)
    (of_rows,) = (q["sql"] for q in queries if 'FROM "sessions_app_session"' in q["sql"])
    assert "transcript_text" not in of_rows


def test_the_name_of_one_row_may_be_hidden(
    session: Session, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def may_view(_: object, request: object, row: object = None) -> bool:
        return row is None

    save_run(0, [finding(session.pk)])
    monkeypatch.setattr(type(admin.site.get_model_admin(Session)), "has_view_permission", may_view)
    page = load(admin_client)
    assert str(session.pk) in page
    assert "&lt;b&gt;S" not in page


@pytest.mark.parametrize(
    ("kind", "done"), [("stale", "mirrored it again"), ("object_orphaned", "removed it")]
)
def test_the_last_repair_of_the_month_is_told(
    session: Session, admin_client: Client, kind: str, done: str
) -> None:
    found = finding(session.pk, kind)
    save_run(50, [found])
    for days_ago in (40, 30, 10):  # the last one is of another time
        run_ = save_run(days_ago)
        CheckRun.objects.filter(pk=run_.pk).update(repaired=[found], repaired_count=1)
    repaired = timezone.now() - timedelta(days=30)
    assert f"A repair {done}, {formats.day(timezone.localdate(repaired))}" in (
        load(admin_client, 50)
    )


@pytest.mark.parametrize(
    "left",
    [
        {"findings": [finding("x")], "counts": {"stale": 1}},
        {"counts": {"stale": 1}},  # not among those that are kept
        {"pending": 1},
    ],
)
def test_a_repair_that_may_have_failed_is_said_to_have_been_tried(
    admin_client: Client, db: None, left: dict[str, object]
) -> None:
    found = finding("x")
    CheckRun.objects.filter(pk=save_run(0).pk).update(repaired=[found], repaired_count=1, **left)
    assert "A repair tried to mirror it again, " in load(admin_client)


def test_what_became_of_many_rows_alike_is_told_once(admin_client: Client, db: None) -> None:
    found = [finding(f"{number}") for number in range(20)]
    CheckRun.objects.filter(pk=save_run(0).pk).update(repaired=found, repaired_count=20)
    page = load(admin_client)
    assert (page.count("A repair mirrored it again"), page.count("As above.")) == (1, 19)
