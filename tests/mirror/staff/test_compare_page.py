"""The pages Compare and Mirror now: what they show, and to whom."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from mirror.models import LedgerEntry, Outage
from mirror.staff.comparison import EQUAL, Comparer, Comparison
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.budget import Budget
from sessions_app.documents import HighlightDocument, SessionDocument
from sessions_app.models import Session
from tests.support.aws import NOWHERE, cut_off, point_clients_at
from tests.support.stored import assert_equal, item_of
from tests.support.tampering import delete_item, set_attribute


def address(row: Any, action: str = "") -> str:
    return f"/admin/mirror/compare/{row._meta.label_lower}/{row.pk}/{action}"


def compare(mirror: Stores, object_id: Any) -> Comparison:
    return Comparer(SessionDocument, str(object_id), lambda: mirror, Budget(5)).run()


def test_an_equal_row_is_shown_as_equal_in_all_stores(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    comparison = compare(mirror, session.pk)
    assert (comparison.state, comparison.differing, comparison.orphans) == (EQUAL, [], [])
    lines = {line.name: line for line in comparison.lines}
    assert lines["notes"].postgresql == lines["notes"].dynamodb == "notes"
    assert lines["notes"].s3 is None
    transcript = lines["transcriptStorageKey"]
    assert transcript.postgresql == transcript.s3
    assert "MATT: Hi" in (transcript.s3 or "")
    assert (transcript.dynamodb or "").startswith(f"transcripts/{session.pk}/")
    assert "summary" not in lines
    assert lines["summaryStorageKey"].state == EQUAL

    page = admin_client.get(address(session)).content.decode()
    assert f"All {len(lines)} attributes are the same in all three stores." in page
    assert "&lt;b&gt;S&lt;/b&gt;" in page
    assert "<b>S</b>" not in page


def test_a_row_without_objects_is_the_same_in_both_stores(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    page = admin_client.get(address(session.campaign)).content.decode()
    assert "attributes are the same in both stores." in page
    assert Comparison(HighlightDocument, "gone").stores == "both stores"


def test_attributes_that_differ_are_marked(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "name", {"S": "otherwise"})
    page = admin_client.get(address(session)).content.decode()
    assert '<a href="#attribute-name">name</a>' in page
    assert 'id="attribute-name" class="mirror-differs"' in page
    assert "otherwise" in page
    assert "style=" not in page
    assert "<style" not in page


def test_an_orphan_is_all_that_differs(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    mirror.objects.put(f"transcripts/{session.pk}/1-stray.json", b"{}")
    page = admin_client.get(address(session)).content.decode()
    assert "attributes are the same, but there is an orphan.</span>" in page


def test_a_pending_row_is_said_to_be_on_its_way(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    session.name = "changed"
    session.save()
    page = admin_client.get(address(session)).content.decode()
    assert "on its way" in page


def test_a_deleted_row_is_shown_with_its_orphans_until_it_is_mirrored(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    path = address(session)
    session.delete()
    page = admin_client.get(path).content.decode()
    assert "Deleted in PostgreSQL" in page
    assert "Orphans" in page
    worker.drain()
    assert "gone from all three stores" in admin_client.get(path).content.decode()


def test_a_row_that_dynamodb_cannot_hold_is_shown_with_the_reason(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    Session.objects.filter(pk=session.pk).update(metrics={"a": 10**40 + 1})
    worker.drain()
    page = admin_client.get(address(session)).content.decode()
    assert "DynamoDB cannot hold this row" in page
    assert "NumberTooManyDigits in metrics" in page


@pytest.mark.parametrize("store", ["DynamoDB", "S3"])
def test_attributes_in_a_silent_store_are_unknown(
    mirror: Stores,
    session: Session,
    admin_client: Client,
    aws_address: str,
    monkeypatch: pytest.MonkeyPatch,
    store: str,
) -> None:
    cut_off(store, aws_address, monkeypatch)
    page = admin_client.get(address(session)).content.decode()
    assert f"{store} does not answer" in page
    assert "unknown" in page
    assert "differs</span>" not in page
    assert "attributes are the same" not in page


def test_pages_are_shown_although_the_stores_hang(
    mirror: Stores, session: Session, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirror.stores.dynamodb.ItemStore.get_many", lambda *_, **__: time.sleep(4))
    monkeypatch.setattr("mirror.stores.s3.ObjectStore.list", lambda *_, **__: time.sleep(4))
    for path in (address(session), "/admin/mirror/"):
        answer = admin_client.get(path)
        assert answer.status_code == 200
        assert "BudgetTimeout" in answer.content.decode()


def test_the_page_makes_five_queries(
    mirror: Stores,
    session: Session,
    admin_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(5):  # login session, user, ledger, row, outages
        admin_client.get(address(session))


def test_only_staff_who_may_view_the_ledger_and_the_row_may_compare(
    mirror: Stores, session: Session, client: Client
) -> None:
    answer = client.get(address(session))
    assert (answer.status_code, "login" in answer["Location"]) == (302, True)
    staff = User.objects.create_user("staff", is_staff=True)
    steps = (("mirror", "view_ledgerentry", 403), ("sessions_app", "view_session", 200))
    for app, codename, status in steps:
        client.force_login(User.objects.get(pk=staff.pk))
        assert client.get(address(session)).status_code == 403
        assert client.post(address(session, "now/")).status_code == 403
        staff.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
        client.force_login(User.objects.get(pk=staff.pk))
        assert client.get(address(session)).status_code == status
        unknown = Session(pk="00000000-0000-4000-8000-000000000000")
        assert client.get(address(unknown)).status_code == (403 if status == 403 else 404)
    client.force_login(User.objects.create_user("player"))
    assert client.get(address(session)).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "sessions_app.session/00000000-0000-4000-8000-000000000000/",
        "sessions_app.session/nonsense/",
        "sessions_app.session/a%00b/",
        "auth.user/1/",
    ],
)
def test_a_row_or_model_that_is_unknown_is_not_found(
    mirror: Stores, admin_client: Client, path: str
) -> None:
    assert admin_client.get(f"/admin/mirror/compare/{path}").status_code == 404
    assert admin_client.post(f"/admin/mirror/compare/{path}now/").status_code == 404


def test_compare_takes_get_and_mirror_now_takes_post(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    assert admin_client.get(address(session, "now/")).status_code == 405
    assert admin_client.post(address(session)).status_code == 405


def test_a_mirror_that_is_off_cannot_be_compared(
    session: Session, admin_client: Client, settings: Any
) -> None:
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    assert admin_client.get(address(session)).status_code == 404
    assert "The mirror is switched off" in admin_client.get("/admin/mirror/").content.decode()


def test_the_admin_links_the_page(mirror: Stores, session: Session, admin_client: Client) -> None:
    change = admin_client.get(f"/admin/sessions_app/session/{session.pk}/change/")
    assert f'href="{address(session)}"' in change.content.decode()
    assert "historylink" in change.content.decode()
    assert admin_client.get("/admin/sessions_app/session/add/").status_code == 200
    entries = admin_client.get("/admin/mirror/ledgerentry/").content.decode()
    assert f'<a href="{address(session)}">Compare</a>' in entries
    LedgerEntry.objects.mark_dirty("", "orphaned item")
    assert admin_client.get("/admin/mirror/ledgerentry/").status_code == 200


# Mirror now


def test_mirror_now_makes_the_row_equal(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    delete_item(mirror, item_of(mirror, session.pk))
    answer = admin_client.post(address(session, "now/"), follow=True)
    assert "Mirrored just now" in answer.content.decode()
    assert compare(mirror, session.pk).state == EQUAL
    assert_equal(mirror)


def test_mirror_now_overwrites_an_item_with_a_newer_revision(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "mirrorRevision", {"N": "99"})
    answer = admin_client.post(address(session, "now/"), follow=True)
    assert "Mirrored just now" in answer.content.decode()
    assert_equal(mirror)


def test_mirror_now_mirrors_a_deletion(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    path = address(session, "now/")
    session.delete()
    assert "Mirrored just now" in admin_client.post(path, follow=True).content.decode()
    assert_equal(mirror)


def test_mirror_now_leaves_the_row_pending_while_aws_is_out_of_reach(
    mirror: Stores, session: Session, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_clients_at(NOWHERE, NOWHERE, monkeypatch)
    # The first attempt opens the breaker, so the second is not made.
    for message in ("The attempt failed.", "A store is out of reach"):
        answer = admin_client.post(address(session, "now/"), follow=True)
        assert message in answer.content.decode()
        assert "Pending: the worker will mirror it." in answer.content.decode()
        assert LedgerEntry.objects.pending().count() == 1
    assert Outage.objects.open().exists()
    assert "has been out of reach" in admin_client.get(address(session)).content.decode()


def test_mirror_now_parks_a_row_that_cannot_be_mirrored(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    Session.objects.filter(pk=session.pk).update(metrics={"a": 10**40 + 1})
    answer = admin_client.post(address(session, "now/"), follow=True)
    assert "Parked" in answer.content.decode()


def test_mirror_now_leaves_a_row_to_the_process_that_has_claimed_it(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    Session.objects.filter(pk=session.pk).update(name="changed")
    assert LedgerEntry.objects.due().claim(9)
    answer = admin_client.post(address(session, "now/"), follow=True)
    assert "another process has claimed the row. Pending:" in answer.content.decode()
