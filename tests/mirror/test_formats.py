"""Figures, times and durations: one form of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mirror import formats
from mirror.models import LedgerEntry
from mirror.restore.counts import RestoreCounts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "under 1 s"),
        (0.9, "under 1 s"),
        (1, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3660, "1 h 1 min"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
        (timedelta(seconds=-2), "under 1 s"),
    ],
)
def test_a_duration_has_its_two_largest_units(value: float | timedelta, text: str) -> None:
    assert formats.duration(value) == text


@pytest.mark.parametrize(
    ("text", "shown"), [("", "''"), ("7", "7"), ("ä b", "ä b"), ("a\nb", r"'a\nb'")]
)
def test_an_id_is_quoted_if_it_would_not_be_seen(text: str, shown: str) -> None:
    assert formats.printable(text) == shown
    assert str(LedgerEntry(model="wards.ward", object_id=text)) == f"wards.ward {shown}"
    counts = RestoreCounts("wards.ward")
    counts.note(text, "differs")
    assert counts.notes == [f"wards.ward {shown}: differs"]


def test_numbers_days_and_times() -> None:
    moment = datetime(2026, 2, 3, 14, 5, tzinfo=UTC)
    assert formats.number(1234567) == "1,234,567"
    assert formats.day(moment.date()) == "3 Feb 2026"
    assert formats.moment(moment) == "3 Feb 2026, 14:05"
