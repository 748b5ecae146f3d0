"""Compare and Mirror now: one object in all three stores, and what a person can do about it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from mirror.models import LedgerEntry, Outage
from mirror.staff.comparison import Comparer, Comparison
from mirror.staff.display import difference, excerpt
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.budget import Budget
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.support.aws import NOWHERE, cut_off, point_clients_at
from tests.support.stored import assert_equal, item_of
from tests.support.tampering import TAMPERINGS, delete_item, set_attribute


@pytest.fixture
def session(mirror: Stores, owner: User) -> Session:
    campaign = Campaign.objects.create(owner=owner, name="C", description="about it")
    session = Session.objects.create(
        owner=owner,
        campaign=campaign,
        name="<b>S</b>",
        notes="notes",
        summary="s" * 60_000,
        metrics={"a": 1.0},
        transcript_text="MATT: Hi",
    )
    worker.drain()
    assert_equal(mirror)
    return session


def address(row: Any, action: str = "") -> str:
    return f"/admin/mirror/compare/{row._meta.label_lower}/{row.pk}/{action}"


def compared(mirror: Stores, object_id: Any) -> Comparison:
    return Comparer(SessionDocument, str(object_id), mirror, Budget(5)).run()


def test_equal(mirror: Stores, session: Session, admin_client: Client) -> None:
    found = compared(mirror, session.pk)
    assert (found.state, found.differing, found.left_over) == ("equal", [], [])
    lines = {line.name: line for line in found.lines}
    assert lines["notes"].postgresql == lines["notes"].dynamodb == "notes"
    assert lines["notes"].s3 is None
    transcript = lines["transcriptStorageKey"]
    assert transcript.postgresql == transcript.s3
    assert "MATT: Hi" in (transcript.s3 or "")
    assert (transcript.dynamodb or "").startswith(f"transcripts/{session.pk}/")
    assert "summary" not in lines
    assert lines["summaryStorageKey"].state == "equal"

    page = admin_client.get(address(session)).content.decode()
    assert f"All {len(lines)} attributes are the same" in page
    assert "&lt;b&gt;S&lt;/b&gt;" in page
    assert "<b>S</b>" not in page


# These are of no object that could be compared: mirror_check names them.
OF_NOBODY = {"foreign item", "object of nobody", "oddly named object"}


@pytest.mark.parametrize("name", [name for name in TAMPERINGS if name not in OF_NOBODY])
def test_each_tampering_is_marked(mirror: Stores, session: Session, name: str) -> None:
    tamper, kind, attributes = TAMPERINGS[name]
    tamper(mirror, item_of(mirror, session.pk))
    found = compared(mirror, session.pk)
    if name == "item copied elsewhere":
        assert found.state == "equal"  # under a key that the ledger never had: for mirror_check
    elif kind == "object_orphaned":
        assert (found.differing, len(found.left_over)) == ([], 1)
    elif name == "item deleted":
        assert found.differing == [line.name for line in found.lines]
    else:
        assert found.differing == attributes
        assert found.state == "differs"


def test_differences_are_marked_on_the_page(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "name", {"S": "otherwise"})
    page = admin_client.get(address(session)).content.decode()
    assert '<a href="#attribute-name">name</a>' in page
    assert 'id="attribute-name" class="mirror-differs"' in page
    assert "otherwise" in page
    assert "style=" not in page
    assert "<style" not in page


def test_on_its_way(mirror: Stores, session: Session, admin_client: Client) -> None:
    session.name = "changed"
    session.save()
    page = admin_client.get(address(session)).content.decode()
    assert "on its way" in page


def test_a_deleted_object(mirror: Stores, session: Session, admin_client: Client) -> None:
    where = address(session)
    session.delete()
    page = admin_client.get(where).content.decode()
    assert "Deleted in PostgreSQL" in page
    assert "Left over" in page
    worker.drain()
    assert "gone from all three stores" in admin_client.get(where).content.decode()


def test_what_dynamodb_cannot_hold(mirror: Stores, session: Session, admin_client: Client) -> None:
    Session.objects.filter(pk=session.pk).update(metrics={"a": 10**40 + 1})
    worker.drain()
    page = admin_client.get(address(session)).content.decode()
    assert "DynamoDB cannot hold this object" in page
    assert "NumberTooManyDigits" in page


@pytest.mark.parametrize("silent", ["DynamoDB", "S3"])
def test_a_store_out_of_reach(
    mirror: Stores,
    session: Session,
    admin_client: Client,
    aws_address: str,
    monkeypatch: pytest.MonkeyPatch,
    silent: str,
) -> None:
    cut_off(silent, aws_address, monkeypatch)
    page = admin_client.get(address(session)).content.decode()
    assert f"{silent} does not answer" in page
    assert "unknown" in page
    assert "differs</span>" not in page
    assert "attributes are the same" not in page


def test_hanging_stores_cost_two_seconds_at_most(
    mirror: Stores, session: Session, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirror.stores.dynamodb.ItemStore.get_many", lambda *_, **__: time.sleep(4))
    monkeypatch.setattr("mirror.stores.s3.ObjectStore.list", lambda *_, **__: time.sleep(4))
    for page in (address(session), "/admin/mirror/"):
        answer = admin_client.get(page)
        assert answer.status_code == 200
        assert "BudgetTimeout" in answer.content.decode()


def test_constant_queries(
    mirror: Stores,
    session: Session,
    admin_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(5):  # login session, user, ledger, row, outages
        admin_client.get(address(session))


def test_long_texts_are_shown_where_they_begin_to_differ() -> None:
    one, other = "a" * 50_000 + "b" * 50_000, "a" * 50_000 + "c" * 50_000
    assert difference(one, other) == 50_000
    assert difference(one, one) == 0
    assert difference("ab", "a") == 1
    shown = excerpt(one, 50_000)
    assert shown.startswith("[49850 characters]\n…a")
    assert shown.endswith("b…\n[30150 more characters]")
    assert excerpt("short", 3) == "short"


# Who may see it


def test_who_may_compare(mirror: Stores, session: Session, client: Client) -> None:
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
        nobody = Session(pk="00000000-0000-4000-8000-000000000000")
        assert client.get(address(nobody)).status_code == (403 if status == 403 else 404)
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
def test_nothing_there(mirror: Stores, admin_client: Client, path: str) -> None:
    assert admin_client.get(f"/admin/mirror/compare/{path}").status_code == 404
    assert admin_client.post(f"/admin/mirror/compare/{path}now/").status_code == 404


def test_wrong_methods(mirror: Stores, session: Session, admin_client: Client) -> None:
    assert admin_client.get(address(session, "now/")).status_code == 405
    assert admin_client.post(address(session)).status_code == 405


def test_switched_off(session: Session, admin_client: Client, settings: Any) -> None:
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    assert admin_client.get(address(session)).status_code == 404
    assert "The mirror is switched off" in admin_client.get("/admin/mirror/").content.decode()


def test_links_lead_here(mirror: Stores, session: Session, admin_client: Client) -> None:
    change = admin_client.get(f"/admin/sessions_app/session/{session.pk}/change/")
    assert f'href="{address(session)}"' in change.content.decode()
    assert "historylink" in change.content.decode()
    assert admin_client.get("/admin/sessions_app/session/add/").status_code == 200
    entries = admin_client.get("/admin/mirror/ledgerentry/").content.decode()
    assert f'<a href="{address(session)}">Compare</a>' in entries
    LedgerEntry.objects.mark_dirty("", "what is this")
    assert admin_client.get("/admin/mirror/ledgerentry/").status_code == 200


# Mirror now


def test_mirror_now(mirror: Stores, session: Session, admin_client: Client) -> None:
    delete_item(mirror, item_of(mirror, session.pk))
    answer = admin_client.post(address(session, "now/"), follow=True)
    assert "Mirrored just now" in answer.content.decode()
    assert compared(mirror, session.pk).state == "equal"
    assert_equal(mirror)


def test_mirror_now_gets_past_a_newer_item(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "mirrorRevision", {"N": "99"})
    answer = admin_client.post(address(session, "now/"), follow=True)
    assert "Mirrored just now" in answer.content.decode()
    assert_equal(mirror)


def test_mirror_now_of_a_deleted_object(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    where = address(session, "now/")
    session.delete()
    assert "Mirrored just now" in admin_client.post(where, follow=True).content.decode()
    assert_equal(mirror)


def test_mirror_now_while_aws_is_out_of_reach(
    mirror: Stores, session: Session, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_clients_at(NOWHERE, NOWHERE, monkeypatch)
    for tried in (True, False):  # the second time the breaker is open
        answer = admin_client.post(address(session, "now/"), follow=True)
        assert "the worker will do it" in answer.content.decode()
        assert ("The attempt failed" in answer.content.decode()) is tried
        assert LedgerEntry.objects.pending().count() == 1
    assert Outage.objects.open().exists()
    assert "has been out of reach" in admin_client.get(address(session)).content.decode()


def test_mirror_now_of_what_cannot_be_mirrored(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    Session.objects.filter(pk=session.pk).update(metrics={"a": 10**40 + 1})
    answer = admin_client.post(address(session, "now/"), follow=True)
    assert "Parked" in answer.content.decode()


def test_mirror_now_while_another_works_on_it(
    mirror: Stores, session: Session, admin_client: Client
) -> None:
    Session.objects.filter(pk=session.pk).update(name="changed")
    assert LedgerEntry.objects.due().claim(9)
    answer = admin_client.post(address(session, "now/"), follow=True)
    assert "the worker will do it" in answer.content.decode()
