"""Fixtures: mirrored rows with every kind of value, and a way to lose them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Highlight, Session
from tests.support.factories import make_campaign, make_session
from tests.support.stored import assert_equal

Lose = Callable[[], list[dict[str, Any]]]

WHEN = datetime(2026, 2, 5, 20, 42, 11, 42_999, tzinfo=UTC)


@pytest.fixture
def session(mirror: Stores, owner: User) -> Session:
    """A filed session with a value in every field, beside an unfiled one, created at ``WHEN``."""
    session = make_session(
        owner,
        make_campaign(owner, description="about it", language="de", share_token="of all"),
        "S 🐉",
        notes="PRIVATE-CANARY",
        summary="s" * 60_000,
        metrics={"words": 10, "share": 0.5, "talk": {"spk_0": [1, None, True, ""]}},
        speaker_names={},
        transcript_text="MATT: PRIVATE-CANARY",
        transcript_json={"results": [1.0, 10**40]},
        share_token="token",
        played_on=date(2026, 2, 4),
    )
    Highlight.objects.create(session=session, quote="Roll!", speaker="MATT", start=1.5, turn=1)
    make_session(owner, name="unfiled")
    Session.objects.update(created_at=WHEN, updated_at=WHEN)
    Highlight.objects.update(created_at=WHEN)
    worker.drain()
    assert_equal(mirror)
    return session


@pytest.fixture
def lose_all_rows(session: Session) -> Lose:
    """A function that deletes all rows and the ledger, and returns the rows as they were."""

    def lose() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = [
            dict(row)
            for manager in (Campaign.objects, Session.objects, Highlight.objects)
            for row in manager.order_by("pk").values()
        ]
        Session.objects.all().delete()
        Campaign.objects.all().delete()
        LedgerEntry.objects.all().delete()
        return rows

    return lose
