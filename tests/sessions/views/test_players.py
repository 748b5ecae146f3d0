"""What players see by the link of a campaign, and what links look like where players chat."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
from django.contrib.auth.models import User
from django.templatetags.static import static
from django.test import Client

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.pages import changed_fields, messages_of, text_of

TOKEN = "token-of-the-campaign"
PAGE = f"/share/campaign/{TOKEN}/"


@pytest.fixture
def campaign(owner: User) -> Campaign:
    return make_campaign(owner, "Lampen", description="PRIVATE", language="de", share_token=TOKEN)


@pytest.fixture
def sessions(owner: User, campaign: Campaign) -> list[Session]:
    """Three evenings in the order of play, not that of their creation."""
    return [
        make_session(
            owner,
            campaign,
            name,
            played_on=date(2026, 3, day),
            player_recap=f'# Abend\n\nIhr habt *{name}* "gesehen" & [gehört](https://example.org/).',
            share_token=f"PRIVATE-{name}",
            description="PRIVATE",
            notes="PRIVATE",
            summary="PRIVATE",
            transcript_text="PRIVATE: PRIVATE",
        )
        for name, day in (("zwei", 9), ("eins", 2), ("drei", 16))
    ]


def links(page: str) -> list[str]:
    """Return the names of the sessions that the page links to, in their order."""
    return re.findall(r"<bdi[^>]*>(.*?)</bdi>", page)


def test_players_see_all_shared_recaps_of_the_campaign(sessions: list[Session]) -> None:
    page = text_of(Client().get(PAGE))
    assert links(page) == ["drei", "zwei", "eins"]
    assert "3 recaps" in page
    assert "16 Mar 2026" in page
    assert "Abend · Ihr habt drei" in page
    assert "PRIVATE" not in page


def test_recaps_that_are_not_shared_or_not_written_are_left_out(
    owner: User, campaign: Campaign, sessions: list[Session]
) -> None:
    sessions[0].stop_sharing()
    sessions[0].save()
    make_session(owner, campaign, "ungeschrieben", share_token="x")
    make_session(make_user("other"), campaign, "fremd", share_token="y", player_recap="Fremd")
    make_session(owner, make_campaign(owner), "woanders", share_token="z", player_recap="Nein")
    assert links(text_of(Client().get(PAGE))) == ["drei", "eins"]
    for hidden in Session.objects.exclude(name__in=["drei", "eins"]):
        assert Client().get(f"{PAGE}{hidden.pk}/").status_code == 404


def test_a_campaign_without_shared_recaps_says_so(campaign: Campaign) -> None:
    assert "No recaps yet" in text_of(Client().get(PAGE))


def test_players_read_from_one_recap_to_the_next(sessions: list[Session]) -> None:
    middle, first, last = sessions
    page = text_of(Client().get(f"{PAGE}{middle.pk}/"))
    assert "<em>zwei</em>" in page
    assert f'rel="prev" href="{PAGE}{first.pk}/"' in page
    assert f'rel="next" href="{PAGE}{last.pk}/"' in page
    assert f'href="{PAGE}"' in page
    assert "PRIVATE" not in page
    assert 'rel="prev"' not in text_of(Client().get(f"{PAGE}{first.pk}/"))
    assert 'rel="next"' not in text_of(Client().get(f"{PAGE}{last.pk}/"))


def test_the_link_of_one_recap_does_not_lead_to_the_others(sessions: list[Session]) -> None:
    page = text_of(Client().get(f"/share/{sessions[0].share_token}/"))
    assert TOKEN not in page
    assert "eins" not in page


def test_many_recaps_are_divided_into_pages(owner: User, campaign: Campaign) -> None:
    Session.objects.bulk_create(
        Session(owner=owner, campaign=campaign, name="n", player_recap="r", share_token=str(number))
        for number in range(25)
    )
    assert len(Client().get(PAGE).context["page"]) == 20
    assert len(Client().get(f"{PAGE}?page=2").context["page"]) == 5


@pytest.mark.parametrize("of_campaign", [True, False])
def test_a_link_looks_right_where_players_chat(sessions: list[Session], of_campaign: bool) -> None:
    session = sessions[0]
    path = f"{PAGE}{session.pk}/" if of_campaign else f"/share/{session.share_token}/"
    page = text_of(Client().get(path))
    properties = dict(re.findall(r'<meta property="og:([\w:]+)" content="([^"]*)">', page))
    assert html.unescape(properties["description"]) == 'Abend · Ihr habt zwei "gesehen" & gehört.'
    del properties["description"]
    assert properties == {
        "site_name": "Tabletop",
        "type": "article",
        "title": "zwei",
        "url": f"http://testserver{path}",
        "image": f"http://testserver{static('site/preview.png')}",
        "image:type": "image/png",
        "image:width": "1200",
        "image:height": "630",
        "image:alt": "A session in Tabletop: its recap, and a button to share it with the players",
    }


def test_the_address_in_the_preview_is_that_of_the_page_alone(sessions: list[Session]) -> None:
    page = text_of(Client().get(f"{PAGE}?page=1&sent-by=SECRET"))
    assert f'<meta property="og:url" content="http://testserver{PAGE}">' in page
    assert "SECRET" not in page.partition("</head>")[0]


def test_the_words_say_their_language(
    gm: Client, owner: User, campaign: Campaign, sessions: list[Session]
) -> None:
    session = sessions[0]
    for path in (
        "/", campaign.get_absolute_url(), session.get_absolute_url(),
        f"{session.get_absolute_url()}transcript/", PAGE, f"{PAGE}{session.pk}/",
        f"/share/{session.share_token}/",
    ):  # fmt: skip
        assert ' lang="de"' in text_of(gm.get(path)), path
    Campaign.objects.update(language="")
    assert re.findall(r' lang="(.*?)"', text_of(gm.get(session.get_absolute_url()))) == ["en"]


def test_every_page_for_players_is_kept_out_of_search_engines_and_caches(
    sessions: list[Session],
) -> None:
    for path in (PAGE, f"{PAGE}{sessions[0].pk}/"):
        answer = Client().get(path)
        assert "noindex" in answer["X-Robots-Tag"]
        assert 'name="robots" content="noindex' in text_of(answer)
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]


def test_the_owner_makes_replaces_and_revokes_the_link(gm: Client, campaign: Campaign) -> None:
    campaign.stop_sharing()
    campaign.save()
    path = campaign.get_absolute_url()
    before = Campaign.objects.values().get()
    assert "Make a link to all recaps" in text_of(gm.get(path))
    assert gm.post(f"{path}share/")["Location"] == f"{path}#share"
    assert changed_fields(before, Campaign.objects.values().get()) == {"share_token", "updated_at"}
    campaign.refresh_from_db()
    assert campaign.share_token is not None
    assert len(campaign.share_token) * 6 >= 128
    old = campaign.get_share_url()
    assert f'value="http://testserver{old}"' in text_of(gm.get(path))

    gm.post(f"{path}share/")  # from a tab that was opened before
    assert Client().get(old).status_code == 200
    gm.post(f"{path}share/", {"replacing": campaign.share_token})
    assert Client().get(old).status_code == 404
    campaign.refresh_from_db()
    assert Client().get(campaign.get_share_url()).status_code == 200

    answer = gm.post(f"{path}unshare/")
    assert "no longer works" in messages_of(answer)[-1]
    assert Client().get(campaign.get_share_url()).status_code == 404


@pytest.mark.parametrize("invalid", ["None", "null", "-", "%00", "x" * 5000, "%ed%a0%80"])
@pytest.mark.django_db
def test_an_invalid_link_is_not_found(client: Client, invalid: str) -> None:
    assert client.get(f"/share/campaign/{invalid}/").status_code == 404
