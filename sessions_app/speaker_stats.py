"""Who spoke how much: prepares the metrics of a session, computed on save, for a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sessions_app.models import Session

SPEAKER_COLOURS = 8
MAX_FIGURE = 10**12  # seconds or words; no session has more


@dataclass(frozen=True)
class SpeakerShare:
    """How much one speaker said. ``seconds`` is ``None`` if shares are of words."""

    name: str
    words: int
    seconds: float | None
    percent: float
    colour: int


@dataclass(frozen=True)
class SpeakerStats:
    """The figures of a session, and the share of each speaker, the largest first.

    Shares are of talk time if ``by_time``, else of words. ``seconds`` is the length of the
    recording, ``None`` if it is not known.
    """

    seconds: float | None
    words: int
    by_time: bool
    shares: list[SpeakerShare]


def speaker_stats(session: Session) -> SpeakerStats | None:
    """Return the figures of a session; ``None`` if it has no metrics.

    Another program may have written the metrics, so any of their values may have any type.
    """
    metrics = session.metrics
    if not isinstance(metrics, dict):
        return None
    names = session.speaker_names if isinstance(session.speaker_names, dict) else {}
    distribution = metrics.get("speakerDistribution")
    distribution = distribution if isinstance(distribution, dict) else {}
    speakers = {label: part for label, part in distribution.items() if isinstance(part, dict)}
    by_time = any(_figure(part, "duration") for part in speakers.values())
    measure = "duration" if by_time else "words"
    total = sum(_figure(part, measure) for part in speakers.values()) or 1
    shares = [
        SpeakerShare(
            name=str(names.get(label) or label),
            words=int(_figure(part, "words")),
            seconds=_figure(part, "duration") if by_time else None,
            percent=round(100 * _figure(part, measure) / total, 1),
            colour=index % SPEAKER_COLOURS,
        )
        for index, (label, part) in enumerate(sorted(speakers.items()))
    ]
    shares.sort(key=lambda share: share.percent, reverse=True)
    return SpeakerStats(
        seconds=_figure(metrics, "totalDuration") or None,
        words=int(_figure(metrics, "totalWordCount")),
        by_time=by_time,
        shares=shares,
    )


def _figure(values: Mapping[str, Any], key: str) -> float:
    """Return a number of seconds or words; 0 for anything else."""
    value = values.get(key)
    return (
        float(value) if isinstance(value, int | float | Decimal) and 0 < value < MAX_FIGURE else 0.0
    )
