from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Campaign
from tests.support.factories import make_session
from tests.support.pages import text_of


def test_a_new_user_is_told_what_to_do(gm: Client) -> None:
    page = text_of(gm.get("/"))
    assert "Create your first campaign" in page
    assert "/campaigns/new/" in page


def test_the_latest_sessions_of_a_campaign_and_the_unfiled_ones_are_shown(
    gm: Client, owner: User, campaign: Campaign
) -> None:
    for number in range(5):
        make_session(owner, campaign, f"Evening {number}")
    make_session(owner, name="Filed nowhere")
    page = text_of(gm.get("/"))
    assert "5 sessions" in page
    assert [f"Evening {number}" in page for number in range(5)] == [False, False, True, True, True]
    assert "Filed nowhere" in page
