"""A clock for the tests of throttling."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now: datetime = timezone.now()

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which attempts are counted."""
    clock = Clock()
    monkeypatch.setattr("config.accounts.models.timezone.now", lambda: clock.now)
    return clock
