"""Fixtures: rows that are mirrored and equal in all stores."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session
from tests.support.differences import ROWS
from tests.support.factories import make_campaign, make_session, make_sessions
from tests.support.stored import assert_equal


@pytest.fixture
def session(mirror: Stores, owner: User) -> Session:
    """A filed session with a transcript, beside an unfiled one whose notes are in S3."""
    session = make_session(
        owner,
        make_campaign(owner, description="about it"),
        notes="PRIVATE-CANARY",
        metrics={"a": 1.0},
        transcript_text="MATT: PRIVATE-CANARY",
    )
    make_session(owner, notes="n" * 60_000)
    worker.drain()
    assert_equal(mirror)
    return session


@pytest.fixture
def sessions(mirror: Stores, owner: User) -> list[Session]:
    """Sessions with transcripts, all mirrored."""
    make_sessions(owner, ROWS, transcript_text="MATT: hello")
    worker.drain()
    assert_equal(mirror)
    return list(Session.objects.order_by("pk"))
