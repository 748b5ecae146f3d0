"""Fixtures: rows that are not mirrored yet."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from campaigns.models import Campaign
from mirror.stores.clients import Stores
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session


@pytest.fixture
def campaign(mirror: Stores, owner: User) -> Campaign:
    return make_campaign(owner)


@pytest.fixture
def session(campaign: Campaign) -> Session:
    return make_session(
        campaign.owner,
        campaign,
        transcript_text="MATT: “Hello” 🐉\n",
        transcript_json={"results": {"b": [1, None, 2.5], "a": {}}},
    )
