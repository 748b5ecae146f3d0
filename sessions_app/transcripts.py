"""Reading the transcript of a play session: the words as they stand, and what can be counted.

So far transcripts are plain text, a line for each turn: ``NAME: what was said``. A line without a
name goes on with the turn before it. Another format is one more function that gives the turns to
``measure``, chosen by the file's name in ``read_transcript``.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

if TYPE_CHECKING:
    from sessions_app.models import Session

MAX_BYTES = 10 * 1024 * 1024
MAX_NAME_LENGTH = 60
MAX_PARTICLE = 3  # "of", "the", "and" in a name

# Text, but not of the form that is read here: imported as it is, it would make a session of markup.
OTHER_FORMATS = frozenset({".json", ".vtt", ".srt", ".rtf", ".html", ".xml"})

# A word of a name, an initial or a title (J., Dr.; a longer word ends a sentence), or a sign.
NAME_WORD = re.compile(r"[(#]?[^\W_][\w'’/-]*[),]?|(?:[^\W\d_]{1,3}\.)+|[&-]")


class TranscriptError(ValueError):
    """A transcript cannot be read. The message is one sentence and quotes nothing of the text."""


class SpeakerShare(TypedDict):
    """One speaker's part; ``duration`` in seconds, only where the transcript has times."""

    words: int
    duration: NotRequired[float]


class Metrics(TypedDict):
    """What ``Session.metrics`` holds; the services that read the mirror know these names."""

    totalDuration: NotRequired[float]
    totalWordCount: int
    speakerDistribution: dict[str, SpeakerShare]


@dataclass(frozen=True)
class Transcript:
    """What was read: the text to keep, and what was counted in it."""

    text: str
    metrics: Metrics
    json: Any | None = None
    speaker_names: dict[str, str] | None = None

    @property
    def speakers(self) -> list[str]:
        """The names as they are written, in the order in which they first speak."""
        return list(self.metrics["speakerDistribution"])


@dataclass(frozen=True)
class Turn:
    """What one speaker said in one go; times in seconds, where there are any."""

    speaker_label: str | None
    speaker_name: str | None
    start: float | None
    end: float | None
    text: str


def turns(session: "Session") -> list[Turn]:
    """Return the transcript of a session, turn by turn."""
    names = session.speaker_names or {}
    grouped: list[tuple[str | None, list[str]]] = []
    for label, starts, words in _lines(session.transcript_text):
        if starts or not grouped:
            grouped.append((label, []))
        grouped[-1][1].append(words.strip())
    return [
        Turn(label, names.get(label or "") or label, None, None, text)
        for label, lines in grouped
        if (text := "\n".join(lines).strip())
    ]


def read_transcript(data: bytes, name: str) -> Transcript:
    """Read a transcript of the file ``name``.

    The text is kept as it is, but for a byte order mark and for the line ends of Windows. Raises
    ``TranscriptError`` where it is empty, larger than 10 MB, not UTF-8, or holds what PostgreSQL
    cannot keep; the message begins with ``name`` and says where.
    """
    if PurePath(name).suffix.lower() in OTHER_FORMATS:
        raise TranscriptError(f"{name} is not of a format that can be read: it takes plain text.")
    if len(data) > MAX_BYTES:
        raise TranscriptError(f"{name} is larger than {MAX_BYTES // 1024**2} MB.")
    text = _decode(data, name)
    if not text.strip():
        raise TranscriptError(f"{name} is empty.")
    return Transcript(text, measure(_turns(text)))


def measure(turns: Iterable[tuple[str | None, str]]) -> Metrics:
    """Count the words of turns, each a speaker (``None``: nobody is named) and what was said."""
    total = 0
    shares: dict[str, SpeakerShare] = {}
    for speaker, words in turns:
        count = _count_words(words)
        total += count
        if speaker is not None:
            shares.setdefault(speaker, {"words": 0})["words"] += count
    return {"totalWordCount": total, "speakerDistribution": shares}


def _decode(data: bytes, name: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TranscriptError(f"{name} is not UTF-8 but UTF-16 from byte 1 on: save it as UTF-8.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        # The decoder's own message, and its exception, quote the bytes.
        line = data.count(b"\n", 0, error.start) + 1
        place = f"line {line}, byte {error.start + 1} of the file"
        raise TranscriptError(f"{name} is not UTF-8 text ({place}): save it as UTF-8.") from None
    nul = text.find("\x00")
    if nul >= 0:
        line = text.count("\n", 0, nul) + 1
        raise TranscriptError(f"{name} has a null character in line {line}: it is not plain text.")
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _turns(text: str) -> Iterator[tuple[str | None, str]]:
    return ((speaker, words) for speaker, _, words in _lines(text))


def _lines(text: str) -> Iterator[tuple[str | None, bool, str]]:
    """Yield each line's speaker, whether it begins a turn, and its words."""
    speaker: str | None = None
    for line in text.split("\n"):
        name, colon, words = line.partition(":")
        if colon and (not words or words[0].isspace()) and _is_name(name.strip()):
            speaker = name.strip()
            yield speaker, True, words
        else:
            # Without a speaker, a paragraph is a turn.
            yield speaker, speaker is None and bool(line.strip()), line


def _is_name(text: str) -> bool:
    """Whether ``text``, before a colon, names a speaker: ``MATT``, ``spk_0``, ``Lady of the Ice``.

    Of several words the first and the last are capitalised and what is not is short, so that
    ``And then he says: ...`` in the middle of a turn makes no speaker.
    """
    words = text.split()
    if not words or len(text) > MAX_NAME_LENGTH or not all(map(NAME_WORD.fullmatch, words)):
        return False
    if len(words) == 1:
        return True
    return not any(map(_is_lower, (words[0], words[-1]))) and not any(
        _is_lower(word) and len(word) > MAX_PARTICLE for word in words
    )


def _is_lower(word: str) -> bool:
    return word.lstrip("(#")[:1].islower()


def _count_words(text: str) -> int:
    # A dash or an ellipsis between spaces is no word.
    return sum(any(map(str.isalnum, word)) for word in text.split())
