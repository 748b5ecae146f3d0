"""What each page does for its owner."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import resolve
from django.utils.html import escape

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.web.test_access import OWN, PUBLIC, SIGNED_IN, TOKEN

SCRIPT = "<script>alert(1)</script>"
ANY = {"campaign": uuid.uuid4(), "session": uuid.uuid4(), "token": TOKEN, "user": "MQ"}


@pytest.fixture
def campaign(owner: User) -> Campaign:
    return Campaign.objects.create(owner=owner, name="Lamps", description="Old text")


@pytest.fixture
def session(owner: User, campaign: Campaign) -> Session:
    return Session.objects.create(
        owner=owner,
        campaign=campaign,
        name="The ninth lamp",
        notes="Secret notes",
        summary="# What happened\n\n**All** of it",
        player_recap="You *won*.",
        transcript_text="MATT: Roll for initiative.\nLAURA: Twenty!\n",
        share_token=TOKEN,
    )


def text(response: Any) -> str:
    return str(response.content.decode())


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def form_of(client: Client, path: str) -> dict[str, str]:
    """What a browser would send back if nothing was typed."""
    form = client.get(path).context["form"]
    return {name: form[name].value() or "" for name in form.fields}


def test_a_newcomer_is_told_what_to_do(gm: Client) -> None:
    page = text(gm.get("/"))
    assert "Make your first campaign" in page
    assert "/campaigns/new/" in page


def test_dashboard_shows_campaigns_latest_sessions_and_what_is_unfiled(
    gm: Client, owner: User, campaign: Campaign
) -> None:
    for number in range(5):
        Session.objects.create(owner=owner, campaign=campaign, name=f"Evening {number}")
    Session.objects.create(owner=owner, name="Nowhere filed")
    page = text(gm.get("/"))
    assert "5 sessions" in page
    assert [f"Evening {number}" in page for number in range(5)] == [False, False, True, True, True]
    assert "Nowhere filed" in page


def test_making_a_campaign_and_its_first_session(gm: Client, owner: User) -> None:
    answer = gm.post("/campaigns/new/", {"name": "  Lamps ", "description": "a\r\nb"})
    campaign = Campaign.objects.get(owner=owner)
    assert (campaign.name, campaign.description) == ("Lamps", "a\nb")
    assert answer["Location"] == f"/campaigns/{campaign.pk}/"
    path = f"/sessions/new/?campaign={campaign.pk}"
    assert form_of(gm, path)["campaign"] == campaign.pk
    answer = gm.post(path, {"name": "One", "campaign": campaign.pk, "notes": " kept\n"})
    session = Session.objects.get(owner=owner)
    assert (session.name, session.campaign, session.notes) == ("One", campaign, " kept\n")
    assert answer["Location"] == f"/sessions/{session.pk}/"
    assert said(answer)


@pytest.mark.parametrize("wrong", ["nonsense", "", "%00", "0" * 500])
def test_a_wrong_preselection_is_ignored(gm: Client, wrong: str) -> None:
    assert gm.get(f"/sessions/new/?campaign={wrong}").status_code == 200


@pytest.mark.parametrize("path", ["/campaigns/new/", "/sessions/new/"])
@pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b"])
def test_a_wrong_name_is_explained_and_nothing_typed_is_lost(
    gm: Client, path: str, name: str
) -> None:
    answer = gm.post(path, {"name": name, "description": "typed before"})
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {"name"}
    assert "typed before" in text(answer)
    assert not Campaign.objects.exists()
    assert not Session.objects.exists()


def test_null_characters_in_long_texts_are_form_errors(gm: Client, session: Session) -> None:
    answer = gm.post(f"/sessions/{session.pk}/edit/", {"notes": "a\x00b"})
    assert answer.status_code == 200
    assert "notes" in answer.context["form"].errors


def test_deleting_a_campaign_says_what_happens_to_its_sessions_and_keeps_them(
    gm: Client, campaign: Campaign, session: Session
) -> None:
    path = f"/campaigns/{campaign.pk}/delete/"
    assert "Its 1 session is kept" in text(gm.get(path))
    assert Campaign.objects.exists()
    assert gm.post(path)["Location"] == "/"
    session.refresh_from_db()
    assert session.campaign is None


def test_deleting_a_session(gm: Client, campaign: Campaign, session: Session) -> None:
    path = f"/sessions/{session.pk}/delete/"
    assert "gone for good" in text(gm.get(path))
    assert gm.post(path)["Location"] == f"/campaigns/{campaign.pk}/"
    assert not Session.objects.exists()


def test_session_page_shows_markdown_as_such_and_notes_as_typed(
    gm: Client, session: Session
) -> None:
    page = text(gm.get(f"/sessions/{session.pk}/"))
    assert "<h3>What happened</h3>" in page
    assert "<em>won</em>" in page
    assert "Secret notes" in page


def test_saving_one_field_clears_no_other(gm: Client, session: Session) -> None:
    before = Session.objects.values().get()
    gm.post(f"/sessions/{session.pk}/edit/", {"notes": "New notes"})
    after = Session.objects.values().get()
    changed = {
        name for (name, old), new in zip(before.items(), after.values(), strict=True) if old != new
    }
    assert changed == {"notes", "updated_at"}


def test_saving_nothing_changes_nothing(gm: Client, session: Session) -> None:
    path = f"/sessions/{session.pk}/edit/"
    before = Session.objects.values().get()
    assert gm.post(path, form_of(gm, path)).status_code == 302
    assert Session.objects.values().get() == before


def test_filing_a_session_elsewhere(gm: Client, owner: User, session: Session) -> None:
    other = Campaign.objects.create(owner=owner, name="Other")
    gm.post(f"/sessions/{session.pk}/edit/", {"campaign": other.pk})
    session.refresh_from_db()
    assert session.campaign == other
    gm.post(f"/sessions/{session.pk}/edit/", {"campaign": ""})
    session.refresh_from_db()
    assert session.campaign is None


def test_the_second_tab_is_told_and_loses_nothing(gm: Client, session: Session) -> None:
    path = f"/sessions/{session.pk}/edit/"
    first, second = form_of(gm, path), form_of(gm, path)
    gm.post(path, first | {"notes": "From the first tab"})
    answer = gm.post(path, second | {"notes": "From the second tab"})
    assert answer.status_code == 200
    assert "changed in another tab" in text(answer)
    assert "From the first tab" in text(answer)
    assert answer.context["form"]["notes"].value() == "From the second tab"
    session.refresh_from_db()
    assert session.notes == "From the first tab"
    # Having seen both, the second tab decides.
    form = answer.context["form"]
    again = {name: form[name].value() or "" for name in form.fields}
    assert gm.post(path, again).status_code == 302
    session.refresh_from_db()
    assert session.notes == "From the second tab"


def test_two_tabs_that_change_different_fields_both_keep_theirs(
    gm: Client, session: Session
) -> None:
    path = f"/sessions/{session.pk}/edit/"
    first, second = form_of(gm, path), form_of(gm, path)
    gm.post(path, first | {"notes": "From the first tab"})
    answer = gm.post(path, second | {"summary": "From the second tab"})
    assert any("another tab" in message.lower() for message in said(answer))
    session.refresh_from_db()
    assert (session.notes, session.summary) == ("From the first tab", "From the second tab")


def test_a_campaign_in_two_tabs(gm: Client, campaign: Campaign) -> None:
    path = f"/campaigns/{campaign.pk}/edit/"
    first, second = form_of(gm, path), form_of(gm, path)
    gm.post(path, first | {"name": "First"})
    assert "First" in text(gm.post(path, second | {"name": "Second"}))
    campaign.refresh_from_db()
    assert campaign.name == "First"


@pytest.mark.parametrize("loaded", ["", "nonsense", "[]", '{"notes": 3}', "[" * 5000])
def test_a_form_without_what_it_was_loaded_with_still_saves(
    gm: Client, session: Session, loaded: str
) -> None:
    gm.post(f"/sessions/{session.pk}/edit/", {"name": "Renamed", "loaded": loaded})
    session.refresh_from_db()
    assert (session.name, session.notes) == ("Renamed", "Secret notes")


def test_everything_typed_is_escaped_everywhere(gm: Client, owner: User) -> None:
    campaign = Campaign.objects.create(owner=owner, name=SCRIPT, description=SCRIPT)
    session = Session.objects.create(
        owner=owner,
        campaign=campaign,
        name=SCRIPT,
        description=SCRIPT,
        notes=SCRIPT,
        summary=f"{SCRIPT} [x](javascript:alert(1)) <img src=x onerror=alert(1)>",
        player_recap=SCRIPT,
        transcript_text=f"MATT: find {SCRIPT}",
        speaker_names={"MATT": SCRIPT},
        metrics={
            "totalWordCount": 2,
            "speakerDistribution": {"MATT": {"words": 2}, SCRIPT: {"words": 1}},
        },
        share_token="token-that-is-not-random",
    )
    base = f"/sessions/{session.pk}"
    for path in (
        "/", f"/campaigns/{campaign.pk}/", f"/campaigns/{campaign.pk}/edit/",
        f"/campaigns/{campaign.pk}/delete/", f"{base}/", f"{base}/edit/", f"{base}/delete/",
        f"{base}/transcript/", f"{base}/transcript/?find=alert", f"{base}/transcript/speakers/",
        f"{base}/transcript/edit/", f"{base}/transcript/delete/", f"/search/?q=alert {SCRIPT}",
        "/share/token-that-is-not-random/",
    ):  # fmt: skip
        page = text(gm.get(path))
        assert escape(SCRIPT)[:10] in page, path
        assert SCRIPT not in page, path
        assert not re.search(r"<[^>]*(onerror|javascript:)", page), path


def test_pages_of_many_sessions(gm: Client, owner: User, campaign: Campaign) -> None:
    Session.objects.bulk_create(
        Session(owner=owner, campaign=campaign, name=f"Evening {number}") for number in range(25)
    )
    path = f"/campaigns/{campaign.pk}/"
    assert len(gm.get(path).context["page"]) == 20
    assert len(gm.get(f"{path}?page=2").context["page"]) == 5
    for odd in ("0", "99", "x", "-1", "%00"):
        assert gm.get(f"{path}?page={odd}").status_code == 200


# Every page of the site; the pages for staff have pins of their own.
QUERIES = {
    "/": 7,
    "/campaigns/new/": 2,
    "/campaigns/{campaign}/": 5,
    "/campaigns/{campaign}/edit/": 3,
    "/campaigns/{campaign}/delete/": 3,
    "/campaigns/{campaign}/export/": 4,
    "/sessions/new/": 3,
    "/sessions/{session}/": 3,
    "/sessions/{session}/edit/": 4,
    "/sessions/{session}/delete/": 3,
    "/sessions/{session}/export/?as=md": 3,
    "/sessions/{session}/transcript/": 3,
    "/sessions/{session}/transcript/?find=lamp": 3,
    "/sessions/{session}/transcript/edit/": 3,
    "/sessions/{session}/transcript/delete/": 3,
    "/sessions/{session}/transcript/speakers/": 3,
    "/search/?q=lamp": 5,
    "/share/{token}/": 3,
    "/accounts/password/": 2,
    "/accounts/login/": 2,
    "/accounts/signup/": 2,
    "/accounts/password/reset/": 2,
    "/accounts/password/reset/{user}/set-password/": 3,
    "/admin/login/": 2,
    "/healthz": 3,
}


def test_every_page_has_its_number_of_queries() -> None:
    pages = {route for route, methods in (OWN | SIGNED_IN | PUBLIC).items() if "get" in methods}
    pinned = {resolve(path.partition("?")[0].format(**ANY)).route for path in QUERIES}
    assert pinned == pages


@pytest.mark.parametrize("path", QUERIES)
@pytest.mark.parametrize("many", [1, 12])
def test_the_number_of_queries_does_not_grow(
    gm: Client,
    owner: User,
    campaign: Campaign,
    session: Session,
    path: str,
    many: int,
    django_assert_num_queries: Any,
) -> None:
    for number in range(many):
        other = Campaign.objects.create(owner=owner, name=f"C{number}")
        Session.objects.create(owner=owner, campaign=other, name=f"lamp {number}")
        Session.objects.create(owner=owner, campaign=campaign, name=f"lamp {number}")
        Session.objects.create(owner=owner, name=f"lamp {number}")
    with django_assert_num_queries(QUERIES[path]):
        answer = gm.get(
            path.format(campaign=campaign.pk, session=session.pk, token=TOKEN, user="MQ")
        )
        answer.close()  # a download lies in an open file


def test_long_texts_stay_in_the_database_where_nobody_reads_them(
    gm: Client, session: Session, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3) as queries:
        gm.get(f"/sessions/{session.pk}/")
    for column in ("transcript_text", "transcript_json"):
        assert not any(f'."{column}",' in query["sql"] for query in queries.captured_queries)
