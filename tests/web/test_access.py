"""Who may see what: every address, every method, every kind of visitor."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from sessions_app.models import Session
from tests.conftest import Make

METHODS = ["get", "head", "post", "put", "patch", "delete", "options", "trace"]
TOKEN = "shared-token-of-the-test"
READ = {"get", "head"}
FORM = {"get", "head", "post"}

# Every address of the site, with the methods that it takes from its owner.
OWN = {
    "campaigns/<uuid:pk>/": READ,
    "campaigns/<uuid:pk>/edit/": FORM,
    "campaigns/<uuid:pk>/delete/": FORM,
    "campaigns/<uuid:pk>/export/": READ,
    "sessions/<uuid:pk>/": READ,
    "sessions/<uuid:pk>/export/": READ,
    "sessions/<uuid:pk>/edit/": FORM,
    "sessions/<uuid:pk>/delete/": FORM,
    "sessions/<uuid:pk>/share/": {"post"},
    "sessions/<uuid:pk>/unshare/": {"post"},
    "sessions/<uuid:pk>/transcript/": READ,
    "sessions/<uuid:pk>/transcript/edit/": FORM,
    "sessions/<uuid:pk>/transcript/delete/": FORM,
    "sessions/<uuid:pk>/transcript/speakers/": FORM,
}
SIGNED_IN = {
    "": READ,
    "campaigns/new/": FORM,
    "sessions/new/": FORM,
    "search/": READ,
    "accounts/password/": FORM,
}
PUBLIC = {
    "share/<slug:token>/": READ,
    "accounts/login/": FORM,
    "accounts/logout/": {"post", "options"},
    "accounts/signup/": FORM,
    "accounts/password/reset/": FORM,
    "accounts/password/reset/<uidb64>/<token>/": FORM,
    "admin/login/": READ,
    "healthz": READ,
}
STAFF = {
    "admin/mirror/": "/admin/mirror/",
    "admin/mirror/retry/": "/admin/mirror/retry/",
    "admin/mirror/search/": "/admin/mirror/search/?q=Private",
    "admin/mirror/compare/<str:label>/<path:object_id>/now/": "/admin/mirror/compare/{}/now/",
    "admin/mirror/compare/<str:label>/<path:object_id>/": "/admin/mirror/compare/{}/",
}


def addresses(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        else:
            yield route


@pytest.fixture
def campaign(owner: User) -> Campaign:
    return Campaign.objects.create(owner=owner, name="Private campaign")


@pytest.fixture
def session(owner: User, campaign: Campaign) -> Session:
    return Session.objects.create(
        owner=owner,
        campaign=campaign,
        name="Private session",
        transcript_text="MATT: Private words",
        share_token=TOKEN,
    )


def fill(route: str, session: Session) -> str:
    key = session.campaign_id if route.startswith("campaigns") else session.pk
    if route == "sessions/<uuid:pk>/export/":
        route += "?as=md"
    return "/" + route.replace("<uuid:pk>", str(key)).replace("<slug:token>", TOKEN).replace(
        "<uidb64>/<token>", "MQ/set-password"
    )


def test_the_table_names_every_address() -> None:
    """A new address has to say here who may use it."""
    site = set(addresses(get_resolver().url_patterns))
    djangos = set(addresses(admin.site.urls[0], "admin/")) - {"admin/login/"}
    assert site - djangos == {*OWN, *SIGNED_IN, *PUBLIC, *STAFF}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", [*OWN, *SIGNED_IN])
def test_an_anonymous_visitor_is_sent_to_the_login(
    client: Client, session: Session, route: str, method: str
) -> None:
    before = Session.objects.values().get()
    answer = getattr(client, method)(fill(route, session))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")
    assert Session.objects.values().get() == before


@pytest.mark.parametrize("staff", [False, True], ids=["other", "staff"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", OWN)
def test_another_owner_finds_nothing_whatever_the_method(
    client: Client, make_user: Make, session: Session, route: str, method: str, staff: bool
) -> None:
    before = Session.objects.values().get()
    client.force_login(make_user("other", is_staff=staff, is_superuser=staff))
    answer = getattr(client, method)(fill(route, session))
    assert answer.status_code == 404
    assert b"Private" not in answer.content
    assert Session.objects.values().get() == before
    assert Campaign.objects.count() == 1


@pytest.mark.parametrize("who", ["nobody", "owner", "staff without rights"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", STAFF)
def test_the_mirrors_pages_are_for_staff_with_rights(
    client: Client, make_user: Make, session: Session, route: str, method: str, who: str
) -> None:
    if who != "nobody":
        client.force_login(make_user("staff", is_staff=True) if "staff" in who else session.owner)
    before = LedgerEntry.objects.order_by("pk").values_list()
    address = STAFF[route].format(f"sessions_app.session/{session.pk}")
    answer = getattr(client, method)(address)
    assert answer.status_code in {302, 403, 405}
    assert b"Private" not in answer.content
    assert list(LedgerEntry.objects.order_by("pk").values_list()) == list(before)


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("route", PUBLIC)
def test_public_addresses_are_open_to_anybody(
    client: Client, session: Session, route: str, method: str
) -> None:
    answer = getattr(client, method)(fill(route, session))
    allowed = method in PUBLIC[route]
    assert answer.status_code < 400 if allowed else answer.status_code == 405
    assert not str(answer.headers.get("Location", "")).startswith("/accounts/login/?next=")
    assert b"Private words" not in answer.content


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("route", "allowed"), [*OWN.items(), *SIGNED_IN.items(), *PUBLIC.items()])
def test_a_wrong_method_is_refused_and_a_right_one_works(
    client: Client, owner: User, session: Session, route: str, allowed: set[str], method: str
) -> None:
    client.force_login(owner)
    answer = getattr(client, method)(fill(route, session))
    answer.close()  # a download lies in an open file
    status = answer.status_code
    assert status < 400 if method in allowed else status == 405


@pytest.mark.parametrize("path", ["campaigns", "sessions"])
def test_what_does_not_exist_looks_like_what_belongs_to_somebody_else(
    client: Client, owner: User, path: str
) -> None:
    client.force_login(owner)
    assert client.get(f"/{path}/{uuid.uuid4()}/").status_code == 404


def test_someone_elses_campaign_cannot_be_chosen(
    client: Client, make_user: Make, session: Session, campaign: Campaign
) -> None:
    other = make_user("other")
    client.force_login(other)
    data = {"name": "Smuggled", "campaign": str(campaign.pk)}
    answer = client.post("/sessions/new/", data)
    assert answer.context["form"].errors.keys() == {"campaign"}
    own = Session.objects.create(owner=other, name="Own")
    answer = client.post(f"/sessions/{own.pk}/edit/", data)
    assert answer.context["form"].errors.keys() == {"campaign"}
    own.refresh_from_db()
    assert (own.name, own.campaign) == ("Own", None)
    assert b"Private" not in client.get(f"/sessions/new/?campaign={campaign.pk}").content


def test_what_somebody_else_has_filed_in_a_campaign_is_not_shown(
    client: Client, make_user: Make, owner: User, campaign: Campaign, session: Session
) -> None:
    """Neither after the campaign was handed over, past every form, to another owner."""
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


def test_what_another_tab_may_not_have_sent_says_nothing(
    client: Client, owner: User, session: Session
) -> None:
    client.force_login(owner)
    data = {"name": "Renamed", "loaded": '{"name": [], "notes": {"a": 1}, "summary": null}'}
    assert client.post(f"/sessions/{session.pk}/edit/", data).status_code == 302


def test_owner_and_token_cannot_be_posted(
    client: Client, make_user: Make, owner: User, session: Session
) -> None:
    other = make_user("other")
    client.force_login(owner)
    data = {"name": "Renamed", "owner": other.pk, "share_token": "chosen", "id": str(uuid.uuid4())}
    client.post(f"/sessions/{session.pk}/edit/", data)
    session.refresh_from_db()
    assert (session.name, session.owner, session.share_token) == ("Renamed", owner, TOKEN)


def test_pages_allow_no_inline_script_or_style(client: Client, owner: User) -> None:
    client.force_login(owner)
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_an_unknown_page_and_a_stale_form_are_friendly(client: Client, owner: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    answer = strict.post("/campaigns/new/", {"name": "x"})
    assert answer.status_code == 403
    assert b"This form had gone stale" in answer.content
    client.force_login(owner)
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert b"There is nothing here" in answer.content


def test_an_error_of_ours_is_friendly(
    client: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("private words")

    monkeypatch.setattr("sessions_app.search.find", broken)
    client.force_login(owner)
    client.raise_request_exception = False
    answer = client.get("/search/?q=x")
    assert answer.status_code == 500
    assert b"Something broke on our side" in answer.content
    assert b"private" not in answer.content


def test_an_error_of_ours_asks_nothing_of_a_broken_database(client: Client, owner: User) -> None:
    def broken(*_: object) -> None:
        raise OperationalError

    client.force_login(owner)
    client.raise_request_exception = False
    with connection.execute_wrapper(broken):
        answer = client.get("/")
    assert answer.status_code == 500
    assert b"Something broke on our side" in answer.content
    assert b'class="site-header"' in answer.content
    assert b"Log in" not in answer.content
