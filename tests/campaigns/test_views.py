from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Campaign
from tests.support.factories import make_campaign, make_session
from tests.support.pages import load_form, messages_of, text_of


@pytest.fixture
def campaign(owner: User) -> Campaign:
    return make_campaign(owner)


def test_a_campaign_is_created(gm: Client, owner: User) -> None:
    answer = gm.post(
        "/campaigns/new/", {"name": "  Lamps ", "description": "a\r\nb", "language": "de"}
    )
    campaign = Campaign.objects.get(owner=owner)
    assert (campaign.name, campaign.description) == ("Lamps", "a\nb")
    assert campaign.language == "de"
    assert answer["Location"] == f"/campaigns/{campaign.pk}/"
    assert messages_of(answer) == ["Campaign created."]


def test_a_language_is_chosen_from_the_list_or_none_at_all(gm: Client, campaign: Campaign) -> None:
    path = f"/campaigns/{campaign.pk}/edit/"
    page = text_of(gm.get(path))
    assert '<option value="" selected>Not set</option>' in page
    assert '<option value="de">Deutsch</option>' in page
    assert "Edit “<bdi>The Lamps</bdi>”" in page
    for language, stored in (("de", "de"), ("xx", "de"), ("", "")):
        gm.post(path, {"language": language})
        campaign.refresh_from_db()
        assert campaign.language == stored


def test_a_form_that_is_sent_twice_makes_one_campaign(gm: Client) -> None:
    form = load_form(gm, "/campaigns/new/") | {"name": "Lamps"}
    first, second = (gm.post("/campaigns/new/", form) for _ in range(2))
    assert first["Location"] == second["Location"]
    gm.post("/campaigns/new/", form | {"description": "Not lost"})
    assert set(Campaign.objects.values_list("description", flat=True)) == {"", "Not lost"}


@pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b"])
def test_an_invalid_name_is_a_form_error_and_nothing_typed_is_lost(gm: Client, name: str) -> None:
    answer = gm.post("/campaigns/new/", {"name": name, "description": "typed before"})
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {"name"}
    assert "typed before" in text_of(answer)
    assert not Campaign.objects.exists()


def test_a_second_tab_that_saves_the_same_field_is_told(gm: Client, campaign: Campaign) -> None:
    path = f"/campaigns/{campaign.pk}/edit/"
    first, second = load_form(gm, path), load_form(gm, path)
    gm.post(path, first | {"name": "First"})
    assert "First" in text_of(gm.post(path, second | {"name": "Second"}))
    campaign.refresh_from_db()
    assert campaign.name == "First"


def test_deleting_a_campaign_keeps_its_sessions_and_says_so(
    gm: Client, owner: User, campaign: Campaign
) -> None:
    session = make_session(owner, campaign)
    path = f"/campaigns/{campaign.pk}/delete/"
    assert "Its 1 session is kept" in text_of(gm.get(path))
    assert Campaign.objects.exists()
    assert gm.post(path)["Location"] == "/"
    session.refresh_from_db()
    assert session.campaign is None
