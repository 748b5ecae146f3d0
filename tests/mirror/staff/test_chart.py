"""The chart of parity over the validation period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from mirror.formats import percent
from mirror.models import CheckRun
from mirror.staff.chart import CHARACTER, draw
from mirror.verify.verdict import SIGNS, Day


@pytest.mark.parametrize(
    ("parities", "floor"),
    [([100], "99.9 %"), ([99.95, 100], "99.9 %"), ([98], "95 %"), ([12], "0 %"), ([0], "0 %")],
)
def test_the_axis_begins_at_a_round_number(parities: list[float], floor: str) -> None:
    days = [
        Day(date(2026, 2, number), CheckRun(parity_percent=Decimal(str(parity))), 0)
        for number, parity in enumerate(parities, start=1)
    ]
    chart = draw(days)
    assert chart.ticks[0][1] == floor
    assert all(chart.top <= (point.y or 0) <= chart.bottom for point in chart.points)


def test_a_day_stands_where_its_worst_check_was_before_the_repair() -> None:
    repaired = Day(date(2026, 2, 1), CheckRun(parity_percent=Decimal(100)), 43.0)
    pending = Day(date(2026, 2, 2), CheckRun(parity_percent=Decimal(46), pending=54), 0)
    chart = draw([repaired, pending])
    first, second = chart.points
    assert (first.label, second.label) == ("57 %", "46 %")
    assert first.y is not None
    assert second.y is not None
    assert chart.top < first.y < second.y
    assert "Lowest parity 46 %, last 46 %." in chart.text


def test_a_day_on_which_too_much_differed_stands_where_the_check_that_found_it_was() -> None:
    last = CheckRun(parity_percent=Decimal("42.8571"), expected=413, pending=236)
    day = Day(date(2026, 2, 1), last, 45.6622, 54.3378)
    chart = draw([day])
    assert (chart.points[0].label, day.sign, day.state) == ("54.3378 %", "✕", "too much differs")
    assert "Lowest parity 54.3378 %, last 54.3378 %." in chart.text


def test_the_chart_has_a_mark_of_its_own_for_each_state() -> None:
    assert [mark.state for mark in draw([]).legend] == list(SIGNS)
    assert len({mark.path for mark in draw([]).legend}) == len(SIGNS)


def test_labels_do_not_overlap_and_the_lowest_is_shown() -> None:
    parities = ["99.9991", "99.9987", "99.9983", "99.9995", "100", "99.9991", "99.9987"] * 2
    days = [
        Day(date(2026, 2, number), CheckRun(parity_percent=Decimal(parity)), 0)
        for number, parity in enumerate(parities, start=1)
    ]
    labelled = [(point.x, point.label) for point in draw(days).points if point.label]
    assert "99.9983 %" in {label for _, label in labelled}
    for (left, _), (right, _) in pairwise(labelled):
        assert right - left > len("99.9983 %") * CHARACTER


@pytest.mark.parametrize(
    ("value", "text"), [("100.0000", "100 %"), ("99.9950", "99.995 %"), ("0", "0 %")]
)
def test_percentages_have_no_trailing_zeros(value: str, text: str) -> None:
    assert percent(Decimal(value)) == text
