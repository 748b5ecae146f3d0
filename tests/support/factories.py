"""Factories: functions that save users, campaigns and sessions with sensible defaults."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from campaigns.models import Campaign
from sessions_app.models import Session

TRANSCRIPT = "MATT: You come to a door.\nLAURA: I listen at it.\n"


def make_user(name: str = "gm", **fields: Any) -> User:
    """Save a user whose password is the name."""
    return User.objects.create_user(username=name, password=name, **fields)


def make_campaign(owner: User, name: str = "The Lamps", **fields: Any) -> Campaign:
    """Save a campaign."""
    return Campaign.objects.create(owner=owner, name=name, **fields)


def make_session(
    owner: User, campaign: Campaign | None = None, name: str = "The first evening", **fields: Any
) -> Session:
    """Save a session. By default it is unfiled and has no transcript."""
    return Session.objects.create(owner=owner, campaign=campaign, name=name, **fields)


def make_sessions(
    owner: User, count: int, campaign: Campaign | None = None, **fields: Any
) -> list[Session]:
    """Save many sessions in one statement. They are named by their numbers."""
    sessions = [
        Session(owner=owner, campaign=campaign, name=f"Session {number}", **fields)
        for number in range(count)
    ]
    return Session.objects.bulk_create(sessions)
