"""What reading a transcript returns, in whatever format it was."""

from dataclasses import dataclass, field
from typing import NamedTuple, NotRequired, TypedDict

from sessions_app.json_fields import JSONText

MAX_LABEL_LENGTH = 100  # of a speaker, in characters; a name that a person gives may be as long
MAX_SPEAKERS = 200  # each has an entry in the metrics, which are part of the DynamoDB item


PASTED_NAME = "The text"  # what error messages call a text that was pasted


class TranscriptError(ValueError):
    """A transcript cannot be read. The message is one sentence and quotes nothing of the text."""


def in_line(source_name: str, number: int) -> str:
    """Return the beginning of a message about a line."""
    return f"Line {number}" if source_name == PASTED_NAME else f"{source_name}, line {number}"


class Segment(NamedTuple):
    """Something that one speaker said, as finely as the source divides it.

    ``label`` is the speaker's label in the source, ``None`` if it names nobody. Times are seconds
    from the start of the recording, to the millisecond; ``None`` if the source has none.
    ``continues_turn`` says whether a person made it part of the turn before it; ``None`` if the
    speaker and the times decide.
    """

    label: str | None
    text: str
    start: float | None = None
    end: float | None = None
    continues_turn: bool | None = None


class Turn(NamedTuple):
    """What one speaker said without interruption, as people read it.

    ``speaker_name`` is the name that somebody gave to the label, or else the label. ``start`` and
    ``end`` are seconds from the start of the recording, ``None`` if they are not known.
    ``text`` may have several lines.
    """

    speaker_label: str | None
    speaker_name: str | None
    start: float | None
    end: float | None
    text: str


class SpeakerMetrics(TypedDict):
    """The metrics of one speaker. ``duration`` is in seconds, if the transcript has times."""

    words: int
    duration: NotRequired[float]


class Metrics(TypedDict):
    """The content of ``Session.metrics``. Services that read the mirror rely on these keys.

    ``totalDuration`` is the time in seconds at which the last word ends.
    """

    totalDuration: NotRequired[float]
    totalWordCount: int
    speakerDistribution: dict[str, SpeakerMetrics]


@dataclass(frozen=True)
class Transcript:
    """What was read: the text to store, its metrics, and what else the source has.

    ``json`` has the form of Amazon Transcribe (see ``transcribe``); it is ``None`` for plain text.
    ``speaker_names`` maps labels to names; it is empty unless the source has both. ``notes`` are
    sentences for the person whose file it was: how it was read, and what was left out.
    """

    text: str
    metrics: Metrics
    json: JSONText | None = None
    speaker_names: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def speakers(self) -> list[str]:
        """The labels, in the order in which the speakers first speak."""
        return list(self.metrics["speakerDistribution"])
