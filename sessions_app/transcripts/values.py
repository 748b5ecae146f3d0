"""What a transcript is once it has been read, whatever its format was."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NotRequired, TypedDict

MAX_LABEL_LENGTH = 100  # of a speaker, in characters; names that people give may be as long
MAX_SPEAKERS = 200  # every one has an entry in the metrics, which DynamoDB keeps in the item

# Segments of one speaker read as one turn unless a pause lies between them. A monologue is still
# broken into paragraphs, so that there are places to jump to. All in seconds.
PAUSE = 2.0
LONGEST_TURN = 60.0


class TranscriptError(ValueError):
    """A transcript cannot be read. The message is one sentence and quotes nothing of the text."""


class Segment(NamedTuple):
    """Something that one speaker said, as finely as the source divides it.

    ``label`` is the source's own (``None``: nobody is named). Times are seconds from the start of
    the recording, to the millisecond; ``None`` where the source has none.
    """

    label: str | None
    text: str
    start: float | None = None
    end: float | None = None


class Turn(NamedTuple):
    """What one speaker said at a stretch, as it is shown to people.

    ``speaker_name`` is the name that somebody gave to the label, or else the label. ``start`` and
    ``end`` are seconds from the start of the recording, ``None`` where they are not known.
    ``text`` may have several lines.
    """

    speaker_label: str | None
    speaker_name: str | None
    start: float | None
    end: float | None
    text: str


class SpeakerShare(TypedDict):
    """One speaker's part; ``duration`` in seconds, only where the transcript has times."""

    words: int
    duration: NotRequired[float]


class Metrics(TypedDict):
    """What ``Session.metrics`` holds; the services that read the mirror know these names.

    ``totalDuration`` is the moment in seconds at which the last word ends.
    """

    totalDuration: NotRequired[float]
    totalWordCount: int
    speakerDistribution: dict[str, SpeakerShare]


@dataclass(frozen=True)
class Transcript:
    """What was read: the text to keep, what was counted in it, and more if the source has more.

    ``json`` has the form of Amazon Transcribe (see ``transcribe``) and is ``None`` for plain
    text. ``speaker_names`` gives names to labels; it is empty unless the source knows both.
    """

    text: str
    metrics: Metrics
    json: dict[str, Any] | None = None
    speaker_names: dict[str, str] = field(default_factory=dict)

    @property
    def speakers(self) -> list[str]:
        """The labels as they are written, in the order in which they first speak."""
        return list(self.metrics["speakerDistribution"])


def measure(segments: Iterable[Segment]) -> Metrics:
    """Count the words, and the seconds where there are times."""
    total, end = 0, None
    shares: dict[str, SpeakerShare] = {}
    for segment in segments:
        words = _count_words(segment.text)
        total += words
        if segment.end is not None:
            end = max(end or 0.0, segment.end)
        if segment.label is None:
            continue
        share = shares.setdefault(segment.label, {"words": 0})
        share["words"] += words
        if segment.start is not None and segment.end is not None:
            share["duration"] = share.get("duration", 0.0) + segment.end - segment.start
    for share in shares.values():
        if "duration" in share:
            share["duration"] = round(share["duration"], 3)
    metrics: Metrics = {"totalWordCount": total, "speakerDistribution": shares}
    if end is not None:
        metrics["totalDuration"] = end
    return metrics


def merged(segments: Iterable[Segment]) -> list[Segment]:
    """Join what one speaker says at a stretch. Segments without times stay as they are."""
    turns: list[Segment] = []
    texts: dict[int, list[str]] = {}  # joined at the end: there may be very many at the same moment
    for segment in segments:
        if turns and (end := _end_of_joined(turns[-1], segment)) is not None:
            texts.setdefault(len(turns) - 1, [turns[-1].text]).append(segment.text)
            turns[-1] = turns[-1]._replace(end=end)
        else:
            turns.append(segment)
    for number, parts in texts.items():
        turns[number] = turns[number]._replace(text=" ".join(parts))
    return turns


def as_lines(segments: Iterable[Segment]) -> str:
    """Write segments as plain text, a ``NAME: words`` line for each turn."""
    return "".join(
        f"{turn.text}\n" if turn.label is None else f"{turn.label}: {turn.text}\n"
        for turn in merged(segments)
    )


def _end_of_joined(turn: Segment, segment: Segment) -> float | None:
    """Return when a turn ends that goes on with ``segment``; ``None``: it is another turn."""
    if turn.start is None or turn.end is None or segment.start is None or segment.end is None:
        return None
    if turn.label != segment.label or segment.start - turn.end > PAUSE:
        return None
    end = max(turn.end, segment.end)
    return end if end - turn.start <= LONGEST_TURN else None


def _count_words(text: str) -> int:
    # A dash or an ellipsis between spaces is no word, nor is what a transcriber has masked (***).
    return sum(any(map(str.isalnum, word)) for word in text.split())
