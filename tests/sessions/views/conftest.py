"""A campaign with one session, for the tests of the pages."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.support.factories import TRANSCRIPT, make_campaign, make_session
from tests.support.site_urls import TOKEN


@pytest.fixture
def campaign(owner: User) -> Campaign:
    return make_campaign(owner, "Lamps", share_token=TOKEN)


@pytest.fixture
def session(owner: User, campaign: Campaign) -> Session:
    return make_session(
        owner,
        campaign,
        "The ninth lamp",
        notes="**Secret** notes",
        summary="# What happened\n\n**All** of it",
        player_recap="You *won*.",
        transcript_text=TRANSCRIPT,
        share_token=TOKEN,
    )
