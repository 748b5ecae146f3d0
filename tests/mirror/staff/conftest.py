"""Fixtures: a mirrored session."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session
from tests.support.stored import assert_equal


@pytest.fixture
def session(mirror: Stores, owner: User) -> Session:
    session = make_session(
        owner,
        make_campaign(owner, description="about it"),
        "<b>S</b>",
        notes="notes",
        summary="s" * 60_000,
        metrics={"a": 1.0},
        transcript_text="MATT: Hi",
    )
    worker.drain()
    assert_equal(mirror)
    return session
