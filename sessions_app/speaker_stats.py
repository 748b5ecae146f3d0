"""Who spoke how much: prepares the metrics of a session, computed on save, for a page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sessions_app.models import Session
from sessions_app.transcripts.speaker_names import people_in

MAX_FIGURE = 10**12  # seconds or words; no session has more
SHOWN_AT_ONCE = 9  # voices; a page shows the others on demand


@dataclass(frozen=True)
class SpeakerShare:
    """How much one speaker said. ``seconds`` is ``None`` if shares are of words."""

    name: str
    words: int
    seconds: float | None
    percent: int


@dataclass(frozen=True)
class SpeakerStats:
    """The figures of a session, and the share of each speaker, the largest first.

    Shares are of talk time if ``by_time``, else of words. What several said together counts for
    each of them: ``any_together`` if anybody did. Percentages add up to 100. ``seconds`` is the
    length of the recording, ``None`` if it is not known.
    """

    seconds: float | None
    words: int
    by_time: bool
    any_together: bool
    shares: list[SpeakerShare]

    @property
    def first_shares(self) -> list[SpeakerShare]:
        """Who spoke most."""
        return self.shares[:SHOWN_AT_ONCE]

    @property
    def other_shares(self) -> list[SpeakerShare]:
        """All the others."""
        return self.shares[SHOWN_AT_ONCE:]


def speaker_stats(session: Session) -> SpeakerStats | None:
    """Return the figures of a session; ``None`` if it has no metrics.

    Another program may have written the metrics, so any of their values may have any type.
    """
    metrics = session.metrics
    if not isinstance(metrics, dict):
        return None
    distribution = metrics.get("speakerDistribution")
    distribution = distribution if isinstance(distribution, dict) else {}
    parts = {label: part for label, part in distribution.items() if isinstance(part, dict)}
    by_time = any(_figure(part, "duration") for part in parts.values())
    persons = _persons(parts, session.speaker_names)
    return SpeakerStats(
        seconds=_figure(metrics, "totalDuration") or None,
        words=int(_figure(metrics, "totalWordCount")),
        by_time=by_time,
        any_together=any(len(names) > 1 for names in persons.values()),
        shares=_shares(_by_person(parts, persons), by_time=by_time),
    )


def _by_person(
    parts: Mapping[str, Mapping[str, Any]], persons: Mapping[str, list[str]]
) -> dict[str, tuple[float, float]]:
    """Return the words and seconds of each person, by name."""
    figures: dict[str, tuple[float, float]] = {}
    for label, part in parts.items():
        for name in persons[label]:
            words, seconds = figures.get(name, (0.0, 0.0))
            figures[name] = (words + _figure(part, "words"), seconds + _figure(part, "duration"))
    return figures


def _persons(labels: Iterable[str], stored_names: Any) -> dict[str, list[str]]:
    """Return the names of the people behind each label."""
    names = stored_names if isinstance(stored_names, dict) else {}
    named = {label: str(names.get(label) or label) for label in labels}
    known = {*named, *named.values()}
    return {
        label: [named.get(person, person) for person in _divided(name, known)]
        for label, name in named.items()
    }


def _divided(name: str, known: set[str]) -> list[str]:
    """Divide ``LAURA & ASHLEY``, ``LAURA and ASHLEY`` or ``LAURA, ASHLEY``.

    ``Lady of Sand and Fog`` is one person unless ``Fog`` speaks alone, too.
    """
    persons = people_in(name)
    is_joint = len(persons) > 1 and ("&" in name or not known.isdisjoint(persons))
    return list(dict.fromkeys(persons)) if is_joint else [name]


def _shares(figures: Mapping[str, tuple[float, float]], *, by_time: bool) -> list[SpeakerShare]:
    measure = 1 if by_time else 0
    names = sorted(figures, key=lambda name: (-figures[name][measure], name))
    percents = _percentages([figures[name][measure] for name in names])
    return [
        SpeakerShare(
            name=name,
            words=int(figures[name][0]),
            seconds=figures[name][1] if by_time else None,
            percent=percent,
        )
        for name, percent in zip(names, percents, strict=True)
    ]


def _percentages(amounts: Iterable[float]) -> list[int]:
    """Return whole percentages that add up to 100: the largest remainders are rounded up."""
    amounts = list(amounts)
    total = sum(amounts)
    if not total:
        return [0] * len(amounts)
    exact = [100 * amount / total for amount in amounts]
    percents = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda n: percents[n] - exact[n])
    for index in by_remainder[: 100 - sum(percents)]:
        percents[index] += 1
    return percents


def _figure(values: Mapping[str, Any], key: str) -> float:
    """Return a number of seconds or words; 0 for anything else."""
    value = values.get(key)
    return (
        float(value) if isinstance(value, int | float | Decimal) and 0 < value < MAX_FIGURE else 0.0
    )
