"""Plain text: a line for each turn, ``NAME: words``, or text without names.

A line without a name continues the turn before it, and an empty line begins a new paragraph. Until
the first name, every line is a paragraph.
"""

import re
from collections.abc import Iterator

from sessions_app.transcripts.metrics import compute_metrics
from sessions_app.transcripts.transcript import MAX_SPEAKERS, Segment, Transcript, TranscriptError

# Each line may be a turn, and a page goes through all turns: with more lines it would take seconds
# and a gigabyte of memory. An evening has some 5,000 turns.
MAX_LINES = 200_000
MAX_NAME_LENGTH = 60  # in characters; a longer text before a colon is a sentence
MAX_PARTICLE_LENGTH = 3  # "of", "the" and "and" in a name

# A word of a name, an initial or a title (J., Dr.; a longer word ends a sentence), or a sign.
NAME_WORD = re.compile(r"[(#]?[^\W_][\w'’/-]*[),]?|(?:[^\W\d_]{1,3}\.)+|[&-]")
LINE = re.compile("^.*", re.MULTILINE)  # found one by one: a text may have a million lines


def read(text: str, source_name: str) -> Transcript:
    """Read a text and keep it unchanged.

    Raises ``TranscriptError``, which begins with ``source_name``, if it has too many lines.
    """
    if text.removesuffix("\n").count("\n") >= MAX_LINES:
        raise TranscriptError(
            f"{source_name} has more than {MAX_LINES:,} lines: divide it into several sessions."
        )
    return Transcript(text, compute_metrics(split_segments(text)))


def split_segments(text: str) -> list[Segment]:
    """Divide a text into the paragraphs of each speaker.

    A text with more than ``MAX_SPEAKERS`` names is a list or a glossary, not a conversation, so
    its segments have no speakers.
    """
    segments = list(_paragraphs(text, with_names=True))
    if len({segment.label for segment in segments} - {None}) > MAX_SPEAKERS:
        return list(_paragraphs(text, with_names=False))
    return segments


def split_name(line: str) -> tuple[str | None, str]:
    """Divide ``NAME: words`` into name and words. The name is ``None`` if the line has none."""
    name, colon, words = line.partition(":")
    if colon and (not words or words[0].isspace()) and _is_name(name.strip()):
        return name.strip(), words
    return None, line


def _paragraphs(text: str, *, with_names: bool) -> Iterator[Segment]:
    speaker: str | None = None
    names: dict[str, str] = {}  # so that all segments of a speaker share one string
    lines: list[str] = []
    for match in LINE.finditer(text):
        line = match[0]
        name, words = split_name(line) if with_names else (None, line)
        words = words.strip()
        if lines and (name is not None or speaker is None or not words):
            yield Segment(speaker, "\n".join(lines))
            lines = []
        if name is not None:
            speaker = names.setdefault(name, name)
        if words:
            lines.append(words)
    if lines:
        yield Segment(speaker, "\n".join(lines))


def _is_name(text: str) -> bool:
    """Whether ``text``, before a colon, names a speaker: ``MATT``, ``spk_0``, ``Lady of the Ice``.

    In a name of several words the first and the last are capitalised, and words in lower case are
    short. So ``And then he says: ...`` in the middle of a turn does not name a speaker.
    """
    words = text.split()
    if not words or len(text) > MAX_NAME_LENGTH or not all(map(NAME_WORD.fullmatch, words)):
        return False
    if len(words) == 1:
        return True
    return not any(map(_is_lower, (words[0], words[-1]))) and not any(
        _is_lower(word) and len(word) > MAX_PARTICLE_LENGTH for word in words
    )


def _is_lower(word: str) -> bool:
    return word.lstrip("(#")[:1].islower()
