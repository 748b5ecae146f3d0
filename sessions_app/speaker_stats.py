"""Who spoke how much: the figures that were computed on save, made ready for a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sessions_app.models import Session

SPEAKER_COLOURS = 8
MOST = 10**12  # of seconds or words: what is more is no figure of an evening


@dataclass(frozen=True)
class Share:
    """One speaker's part of the evening."""

    name: str
    words: int
    seconds: float | None
    percent: float
    colour: int


@dataclass(frozen=True)
class Talk:
    """The figures of a session. ``by_time``: shares are of talk time, else of words."""

    seconds: float | None
    words: int
    by_time: bool
    shares: list[Share]


def talk_time(session: Session) -> Talk | None:
    """Return the figures of a session that has any; the largest share first."""
    metrics = session.metrics
    if not isinstance(metrics, dict):
        return None
    names = session.speaker_names if isinstance(session.speaker_names, dict) else {}
    parts = metrics.get("speakerDistribution")
    parts = parts if isinstance(parts, dict) else {}
    parts = {label: part for label, part in parts.items() if isinstance(part, dict)}
    by_time = any(_number(part, "duration") for part in parts.values())
    measure = "duration" if by_time else "words"
    whole = sum(_number(part, measure) for part in parts.values()) or 1
    shares = [
        Share(
            name=str(names.get(label) or label),
            words=int(_number(part, "words")),
            seconds=_number(part, "duration") if by_time else None,
            percent=round(100 * _number(part, measure) / whole, 1),
            colour=index % SPEAKER_COLOURS,
        )
        for index, (label, part) in enumerate(sorted(parts.items()))
    ]
    shares.sort(key=lambda share: -share.percent)
    return Talk(
        seconds=_number(metrics, "totalDuration") or None,
        words=int(_number(metrics, "totalWordCount")),
        by_time=by_time,
        shares=shares,
    )


def _number(values: Mapping[str, Any], name: str) -> float:
    """Return a figure; metrics may have come from elsewhere, so anything may be in its place."""
    value = values.get(name)
    return float(value) if isinstance(value, int | float) and 0 < value < MOST else 0.0
