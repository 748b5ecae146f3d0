"""The chart of parity over the validation period: the coordinates for an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mirror.formats import percent
from mirror.verify.verdict import Day

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 32, 44  # margins: for the axis, the last label, labels, dates
FLOORS = (99.9, 99.0, 95.0, 90.0, 50.0, 0.0)  # the percentages at which the axis may begin
ABOVE, BELOW = -14, 22  # the distance of a label from its point
CHARACTER = 8  # the width of one of a label


@dataclass(frozen=True)
class Point:
    """One day."""

    x: float
    y: float | None  # None if there was no check
    day: Day
    label: str
    label_y: float


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

    @property
    def text(self) -> str:
        """The chart in a sentence, for screen readers."""
        checked = [point.day.last for point in self.points if point.day.last]
        if not checked:
            return f"No complete check in the last {len(self.points)} days."
        lowest = min(point.day.lowest_percent for point in self.points)
        return (
            f"{len(checked)} of the last {len(self.points)} days have a complete check. "
            f"Lowest parity {percent(lowest)}, last {percent(checked[-1].parity_percent)}."
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
