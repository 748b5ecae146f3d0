"""Deleting an account: everything goes, in PostgreSQL and in the stores."""

from __future__ import annotations

import threading

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from config.accounts.deletion import LastAdministrator, delete_account
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Highlight, Session
from tests.support.factories import (
    TRANSCRIPT,
    make_campaign,
    make_session,
    make_sessions,
    make_user,
)
from tests.support.stored import assert_equal, assert_equal_after_sync, live_items, objects

DELETE = "/accounts/delete/"


def fill(user: User) -> None:
    """Give a user a campaign, a session in it and an unfiled one, with texts in S3."""
    campaign = make_campaign(user, description="d" * 60_000)
    session = make_session(
        user, campaign, transcript_text=TRANSCRIPT, share_token=f"token-{user.pk}"
    )
    Highlight.objects.create(session=session, quote="I listen at it.", turn=2)
    make_session(user, notes="n" * 60_000, transcript_text=TRANSCRIPT)


def test_nothing_of_the_user_is_left_in_the_stores(mirror: Stores) -> None:
    gone, other = make_user("gone"), make_user("other")
    for user in (gone, other):
        fill(user)
    guest = make_session(other, Campaign.objects.get(owner=gone), "A guest of the campaign")
    assert_equal_after_sync(mirror)
    key = f"user#{gone.pk}"
    sessions = [str(pk) for pk in Session.objects.filter(owner=gone).values_list("pk", flat=True)]

    browser = Client()
    browser.force_login(gone)
    assert browser.post(DELETE, {"password": "gone"})["Location"] == "/accounts/login/"
    assert not User.objects.filter(username="gone").exists()
    assert set(Session.objects.values_list("owner", flat=True)) == {other.pk}
    guest.refresh_from_db()
    assert guest.campaign is None

    assert_equal_after_sync(mirror)
    assert not [item for item in live_items(mirror) if key in {item["pk"], item.get("gsi1pk")}]
    assert not [name for name in objects(mirror) if any(pk in name for pk in sessions)]
    assert len(live_items(mirror)) == 5


def test_the_page_says_what_goes_and_that_it_is_for_good(gm: Client, owner: User) -> None:
    campaign = make_campaign(owner)
    make_sessions(owner, 3, campaign)
    make_campaign(make_user("other"))
    page = gm.get(DELETE).content.decode()
    for words in ("1 campaign<", "3 sessions<", "transcripts", "share links", "cannot be undone"):
        assert words in page
    assert "log entr" not in page
    assert 'class="primary danger"' in page


def test_the_password_confirms(gm: Client, owner: User) -> None:
    response = gm.post(DELETE, {"password": "wrong"})
    assert response.context["form"].errors.keys() == {"password"}
    assert User.objects.filter(pk=owner.pk).exists()


def test_all_browsers_are_logged_out_and_see_nothing_of_before(gm: Client, owner: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(owner)
    response = gm.post(DELETE, {"password": "gm"}, follow=True)
    assert "Your account is deleted" in response.content.decode()
    for browser in (gm, elsewhere):
        assert browser.get("/")["Location"].startswith("/accounts/login/")


def test_a_logged_out_browser_forgets_its_pages(gm: Client) -> None:
    assert gm.post(DELETE, {"password": "gm"})["Clear-Site-Data"] == '"cache"'


def test_the_last_administrator_stays(client: Client, db: None) -> None:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    make_user("former", is_superuser=True, is_active=False)
    client.force_login(boss)
    response = client.post(DELETE, {"password": "boss"})
    assert "the only account that administers this site" in response.content.decode()
    assert User.objects.filter(pk=boss.pk).exists()
    make_user("second", is_superuser=True)
    assert client.post(DELETE, {"password": "boss"}).status_code == 302


def test_of_two_administrators_who_leave_at_once_one_stays(transactional_db: None) -> None:
    users = [make_user(name, is_superuser=True) for name in ("one", "two")]
    refused = []

    def leave(user: User) -> None:
        try:
            delete_account(user)
        except LastAdministrator:
            refused.append(user)
        connection.close()

    threads = [threading.Thread(target=leave, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == User.objects.count() == 1


def test_a_large_account_is_deleted_without_loading_what_is_in_it(owner: User) -> None:
    """A transcript may have megabytes. Of the sessions Django reads the keys alone."""
    make_sessions(owner, 1000, make_campaign(owner), transcript_text=TRANSCRIPT)
    with CaptureQueriesContext(connection) as queries:
        delete_account(owner)
    statements = [query["sql"] for query in queries]
    assert len(statements) < 30
    assert not [sql for sql in statements if sql.startswith("SELECT") and "transcript" in sql]


def test_the_ledger_owes_what_was_deleted_until_the_worker_has_been(mirror: Stores) -> None:
    owner = make_user()
    fill(owner)
    worker.drain()
    delete_account(owner)
    assert len(live_items(mirror)) == 4
    worker.drain()
    assert_equal(mirror)
    assert live_items(mirror) == []
    assert objects(mirror) == {}
