"""Fixtures: rows to search."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.stored import assert_equal

NAMES = [
    "Lamps of the Long Shoal",
    "lamps",
    "100 % mushrooms_and\\more",
    "100 mushrooms",
    "Café au lait",
    "Cafe\u0301 au lait",
    "🐉 dragon",
    "quote \" and ' and #hash :colon",
    "İstanbul straße",
]


@pytest.fixture
def library(mirror: Stores, owner: User) -> User:
    """Mirrored rows of two game masters, some with a description that is in S3; returns the owner.

    Some have moved or were deleted, so that there are tombstones, too.
    """
    other = make_user("other")
    deep = "d" * 60_000 + " deep sea"
    for person in (owner, other):
        for name in NAMES:
            campaign = make_campaign(person, name, description="By the sea.")
            make_session(person, campaign, name, transcription_job_id="job-7")
        make_session(person, name="unfiled Lamps", share_token=str(person.pk))
        make_session(person, name="long", description=deep)
        make_campaign(person, "long Lamps", description=deep)
    worker.drain()
    moved = Session.objects.get(owner=owner, name="lamps")
    moved.owner, moved.campaign = other, None
    moved.save()
    Session.objects.filter(owner=owner, name="🐉 dragon").delete()
    worker.drain()
    assert_equal(mirror)
    return owner
