"""The table of the bench: rows, their targets, and how they are printed and written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from operator import ge, le
from typing import Any

HEADER = ("row", "ours", "peer", "ratio", "target", "met?")
RELATIONS: dict[str, Callable[[float, float], bool]] = {"≤": le, "≥": ge}


@dataclass(frozen=True)
class Target:
    """A bound for the ratio to the peer, or for the figure itself if it has no peer."""

    relation: str  # ≤ or ≥
    bound: float

    def is_met_by(self, value: float) -> bool:
        """Whether ``value`` keeps within the bound."""
        return RELATIONS[self.relation](value, self.bound)


def at_most(bound: float) -> Target:
    """Return the target of a cost."""
    return Target("≤", bound)


def at_least(bound: float) -> Target:
    """Return the target of a rate."""
    return Target("≥", bound)


@dataclass(frozen=True)
class Row:
    """One figure of the mirror, beside that of a peer in the same run."""

    title: str
    unit: str
    ours: float
    peer_name: str = ""
    peer: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """Ours as a multiple of the peer's."""
        return self.ours / self.peer if self.peer else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if there is none."""
        judged = self.ours if self.ratio is None else self.ratio
        return self.target.is_met_by(judged) if self.target else None

    def cells(self) -> tuple[str, ...]:
        """Return the texts of the row's columns."""
        unit = f" {self.unit}" if self.unit else ""
        peer = f"{self.peer_name}: {number(self.peer)}{unit}" if self.peer is not None else ""
        kind = " ×" if self.ratio is not None else unit
        target = f"{self.target.relation} {self.target.bound:g}{kind}" if self.target else ""
        ratio = f"{number(self.ratio)} ×" if self.ratio is not None else ""
        met = {True: "yes", False: "NO", None: ""}[self.met]
        return (self.title, f"{number(self.ours)}{unit}", peer, ratio, target, met)


def number(value: float) -> str:
    """Return a number with three significant digits, or all those before the point.

    Infinity stands for a time that was too long to be measured.
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:#.3g}".removesuffix(".") if value else "0"


def lines(rows: Iterable[Row]) -> list[str]:
    """Return the table as text, in Markdown, so that it can go into a document as it is."""
    cells = [HEADER, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]
    texts = [_line(line, widths) for line in cells]
    return [texts[0], "| " + " | ".join("-" * width for width in widths) + " |", *texts[1:]]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(map(str.ljust, cells, widths)) + " |"


def as_json(rows: Iterable[Row], about: dict[str, Any]) -> str:
    """Return the rows, and what they are about, as one JSON object."""
    described = [
        {name: _finite(value) for name, value in asdict(row).items()}
        | {"ratio": _finite(row.ratio), "met": row.met}
        for row in rows
    ]
    return json.dumps({**about, "rows": described}, indent=2, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    """Return what JSON can hold: it knows no infinity."""
    return None if isinstance(value, float) and not isfinite(value) else value
