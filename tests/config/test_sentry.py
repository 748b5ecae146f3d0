"""How events for Sentry are grouped, and how many of a kind are sent."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from config import sentry as module

Events = list[dict[str, Any]]


def report(cause: str, row: int) -> None:
    logging.getLogger("mirror").error("Row %d", row, extra={"fingerprint": ["mirror", cause]})


def test_what_names_a_fingerprint_is_grouped_by_it_and_sent_once_an_hour(
    sentry: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("config.sentry.time.monotonic", lambda: now)
    for row in range(3):
        report("a", row)
        report("b", row)
    assert [event["fingerprint"] for event in sentry] == [["mirror", "a"], ["mirror", "b"]]
    assert all("extra" not in event for event in sentry)
    now += module.HOUR
    report("a", 4)
    assert len(sentry) == 3


def test_other_events_are_all_sent(sentry: Events) -> None:
    for _ in range(2):
        logging.getLogger("mirror").error("Something else")
    assert len(sentry) == 2
    assert all("fingerprint" not in event for event in sentry)
