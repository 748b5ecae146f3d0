"""The chart of parity over the validation period: the coordinates for an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mirror.formats import percent
from mirror.verify.verdict import (
    EQUAL,
    NO_CHECK,
    TOO_MUCH,
    TOO_MUCH_PENDING,
    WITHIN_LIMITS,
    Day,
)

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 32, 44  # margins: for the axis, the last label, labels, dates
FLOORS = (99.9, 99.0, 95.0, 90.0, 50.0, 0.0)  # the percentages at which the axis may begin
ABOVE, BELOW = -14, 22  # the distance of a label from its point
CHARACTER = 8  # the width of one of a label


class Mark(NamedTuple):
    """What stands for a state in the chart: the path is its sign, and the class its style."""

    state: str
    style: str
    path: str


_MARKS = (
    Mark(EQUAL, "mirror-dot", "M-8 0 A8 8 0 1 0 8 0 A8 8 0 1 0 -8 0 Z M-4 0 L-1 3 L4 -3"),
    Mark(WITHIN_LIMITS, "mirror-diamond", "M0 -8 L8 0 L0 8 L-8 0 Z"),
    Mark(TOO_MUCH, "mirror-cross", "M-7 -7 L7 7 M-7 7 L7 -7"),
    Mark(TOO_MUCH_PENDING, "mirror-diamond", "M0 -8 L8 7 L-8 7 Z"),
    Mark(NO_CHECK, "mirror-gap", "M0 -9 V9"),
)


@dataclass(frozen=True)
class Point:
    """One day."""

    x: float
    y: float | None  # None if there was no check
    day: Day
    label: str
    label_y: float

    @property
    def mark(self) -> Mark:
        """What is drawn at the point."""
        return next(mark for mark in _MARKS if mark.state == self.day.state)


@dataclass(frozen=True)
class Chart:
    """Everything that the template draws."""

    points: tuple[Point, ...]
    lines: tuple[str, ...]  # the points of each line, which ends at a day without a check
    ticks: tuple[tuple[float, str], ...]  # y and label of each
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    legend: tuple[Mark, ...] = _MARKS

    @property
    def text(self) -> str:
        """The chart in a sentence, for screen readers."""
        checked = [point.day.lowest_percent for point in self.points if point.day.last]
        if not checked:
            return f"No complete check in the last {len(self.points)} days."
        return (
            f"{len(checked)} of the last {len(self.points)} days have a complete check. "
            f"Lowest parity {percent(min(checked))}, last {percent(checked[-1])}."
        )


def draw(days: Sequence[Day]) -> Chart:
    """Lay out the days from left to right, and parity from a floor in ``FLOORS`` up to 100 %."""
    lowest = min((day.lowest_percent for day in days), default=100.0)
    floor = next((possible for possible in FLOORS if possible < lowest), 0.0)
    step = (WIDTH - LEFT - RIGHT) / max(len(days), 1)

    def height(parity: float) -> float:
        share = (parity - floor) / (100 - floor)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    labels = _labels(days, step)
    points, lines, line = [], [], list[str]()
    for number, day in enumerate(days):
        x = round(LEFT + (number + 0.5) * step, 1)
        y = height(day.lowest_percent) if day.last else None
        if y is None:
            lines.append(" ".join(line))
            line = []
        else:
            line.append(f"{x},{y}")
        # Below the point, since the line mostly comes from above, unless the dates are there.
        offset = BELOW if y and y + BELOW < HEIGHT - BOTTOM else ABOVE
        points.append(Point(x, y, day, labels.get(number, ""), (y or 0) + offset))
    lines.append(" ".join(line))
    ticks = tuple((height(tick), percent(tick)) for tick in (floor, (floor + 100) / 2, 100.0))
    return Chart(tuple(points), tuple(line for line in lines if " " in line), ticks)


def _labels(days: Sequence[Day], step: float) -> dict[int, str]:
    """Return the labels of days below 100 %, by number: the lowest, and others that fit beside."""
    labels = dict[int, str]()
    for number in sorted(range(len(days)), key=lambda number: days[number].lowest_percent):
        label = percent(days[number].lowest_percent)
        if label != "100 %" and all(
            abs(number - other) * step > (len(label) + len(beside)) / 2 * CHARACTER
            for other, beside in labels.items()
        ):
            labels[number] = label
    return labels
