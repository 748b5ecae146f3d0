"""Access to every URL, for every method and every kind of visitor."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from sessions_app.models import Highlight, Session
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.site_urls import (
    ALLOWED,
    ANY_USER,
    HIGHLIGHT,
    OWNER_ONLY,
    PUBLIC,
    STAFF,
    TOKEN,
    url_of,
)

METHODS = ["get", "head", "post", "put", "patch", "delete", "options", "trace"]


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


@pytest.fixture
def campaign(owner: User) -> Campaign:
    return make_campaign(owner, name="Private campaign", share_token=TOKEN)


@pytest.fixture
def session(owner: User, campaign: Campaign) -> Session:
    session = make_session(
        owner,
        campaign,
        name="Private session",
        player_recap="Private until shared",
        transcript_text="MATT: Private words",
        share_token=TOKEN,
    )
    session.highlights.create(pk=HIGHLIGHT, quote="Private words", turn=1)
    return session


def test_the_tables_of_urls_are_complete() -> None:
    site = set(routes(get_resolver().url_patterns))
    admin_site = set(routes(admin.site.urls[0], "admin/")) - {"admin/login/"}
    assert site - admin_site == {*OWNER_ONLY, *ANY_USER, *PUBLIC, *STAFF}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", [*OWNER_ONLY, *ANY_USER])
def test_an_anonymous_visitor_is_sent_to_the_login(
    client: Client, session: Session, route: str, method: str
) -> None:
    before = Session.objects.values().get()
    response = getattr(client, method)(url_of(route, session))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")
    assert Session.objects.values().get() == before


@pytest.mark.parametrize("staff", [False, True], ids=["other", "staff"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", OWNER_ONLY)
def test_another_user_gets_a_404_for_every_method(
    client: Client, session: Session, route: str, method: str, staff: bool
) -> None:
    before = Session.objects.values().get()
    client.force_login(make_user("other", is_staff=staff, is_superuser=staff))
    response = getattr(client, method)(url_of(route, session))
    assert response.status_code == 404
    assert b"Private" not in response.content
    assert Session.objects.values().get() == before
    assert Campaign.objects.count() == 1
    assert Highlight.objects.count() == 1


@pytest.mark.parametrize("visitor", ["anonymous", "owner", "staff without rights"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", STAFF)
def test_the_pages_of_the_mirror_are_closed_to_all_but_staff_with_rights(
    client: Client, session: Session, route: str, method: str, visitor: str
) -> None:
    if visitor == "owner":
        client.force_login(session.owner)
    if visitor == "staff without rights":
        client.force_login(make_user("staff", is_staff=True))
    before = LedgerEntry.objects.order_by("pk").values_list()
    url = STAFF[route].format(f"sessions_app.session/{session.pk}")
    response = getattr(client, method)(url)
    assert response.status_code in {302, 403, 405}
    assert b"Private" not in response.content
    assert list(LedgerEntry.objects.order_by("pk").values_list()) == list(before)


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("route", PUBLIC)
def test_public_urls_are_open_to_anonymous_visitors(
    client: Client, session: Session, route: str, method: str
) -> None:
    response = getattr(client, method)(url_of(route, session))
    status = response.status_code
    assert status < 400 if method in PUBLIC[route] else status == 405
    assert not str(response.headers.get("Location", "")).startswith("/accounts/login/?next=")
    assert b"Private words" not in response.content


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ALLOWED)
def test_the_owner_may_use_the_allowed_methods_and_gets_a_405_for_the_others(
    client: Client, owner: User, session: Session, route: str, method: str
) -> None:
    client.force_login(owner)
    response = getattr(client, method)(url_of(route, session))
    response.close()  # a download is an open file
    status = response.status_code
    assert status < 400 if method in ALLOWED[route] else status == 405


@pytest.mark.parametrize("path", ["campaigns", "sessions"])
def test_an_unknown_key_gets_the_same_404_as_the_row_of_another_user(
    client: Client, owner: User, path: str
) -> None:
    client.force_login(owner)
    assert client.get(f"/{path}/{uuid.uuid4()}/").status_code == 404


def test_a_session_cannot_be_filed_in_the_campaign_of_another_user(
    client: Client, session: Session, campaign: Campaign
) -> None:
    other = make_user("other")
    client.force_login(other)
    data = {"name": "Smuggled", "campaign": str(campaign.pk)}
    response = client.post("/sessions/new/", data)
    assert response.context["form"].errors.keys() == {"campaign"}
    own = make_session(other, name="Own")
    response = client.post(f"/sessions/{own.pk}/edit/", data)
    assert response.context["form"].errors.keys() == {"campaign"}
    own.refresh_from_db()
    assert (own.name, own.campaign) == ("Own", None)
    assert b"Private" not in client.get(f"/sessions/new/?campaign={campaign.pk}").content


def test_the_sessions_of_another_user_in_a_campaign_are_not_shown(
    client: Client, owner: User, campaign: Campaign, session: Session
) -> None:
    """Even if the campaign was given to another owner, which no form allows."""
    other = make_user("other")
    Campaign.objects.update(owner=other)
    client.force_login(other)
    for path in ("/", f"/campaigns/{campaign.pk}/", f"/campaigns/{campaign.pk}/delete/"):
        page = client.get(path).content
        assert b"Private session" not in page
        assert b"1 session" not in page
    download = client.get(f"/campaigns/{campaign.pk}/export/")
    assert b"Private session" not in b"".join(download)
    download.close()


def test_owner_and_token_cannot_be_posted(client: Client, owner: User, session: Session) -> None:
    other = make_user("other")
    client.force_login(owner)
    data = {"name": "Renamed", "owner": other.pk, "share_token": "chosen", "id": str(uuid.uuid4())}
    client.post(f"/sessions/{session.pk}/edit/", data)
    session.refresh_from_db()
    assert (session.name, session.owner, session.share_token) == ("Renamed", owner, TOKEN)
