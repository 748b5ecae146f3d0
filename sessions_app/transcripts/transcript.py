"""What a transcript is once it has been read, whatever its format was."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, NotRequired, TypedDict

MAX_LABEL_LENGTH = 100  # of a speaker, in characters; names that people give may be as long
MAX_SPEAKERS = 200  # every one has an entry in the metrics, which DynamoDB keeps in the item


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
