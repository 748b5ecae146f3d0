"""The chart of parity over the validation period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mirror.formats import percent
from mirror.models import CheckRun
from mirror.staff.chart import draw
from mirror.verify.verdict import Day


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


@pytest.mark.parametrize(
    ("value", "text"), [("100.0000", "100 %"), ("99.9950", "99.995 %"), ("0", "0 %")]
)
def test_percentages_have_no_trailing_zeros(value: str, text: str) -> None:
    assert percent(Decimal(value)) == text
