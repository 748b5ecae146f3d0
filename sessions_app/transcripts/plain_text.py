"""Plain text: a line for each turn, ``NAME: what was said``, or no names at all.

A line without a name goes on with the turn before it; an empty line begins a new paragraph. As
long as nobody is named every line is a paragraph.
"""

import re
from collections.abc import Iterator

from sessions_app.transcripts.metrics import measure
from sessions_app.transcripts.transcript import MAX_SPEAKERS, Segment, Transcript, TranscriptError

# Each may be a turn, and every page of a transcript goes through all of them: more take it seconds
# and a gigabyte. An evening has some 5,000 turns.
MAX_LINES = 200_000
MAX_NAME_LENGTH = 60  # before a colon; a longer beginning is a sentence
MAX_PARTICLE = 3  # "of", "the", "and" in a name

# A word of a name, an initial or a title (J., Dr.; a longer word ends a sentence), or a sign.
NAME_WORD = re.compile(r"[(#]?[^\W_][\w'’/-]*[),]?|(?:[^\W\d_]{1,3}\.)+|[&-]")
LINE = re.compile("^.*", re.MULTILINE)  # one at a time: a text may have a million of them


def read(text: str, shown: str) -> Transcript:
    """Read a text, which is kept as it is. Raises ``TranscriptError``, beginning with ``shown``."""
    if text.removesuffix("\n").count("\n") >= MAX_LINES:
        raise TranscriptError(
            f"{shown} has more than {MAX_LINES:,} lines: divide it into several sessions."
        )
    return Transcript(text, measure(segments(text)))


def segments(text: str) -> list[Segment]:
    """Divide a text into the paragraphs of each speaker.

    With more than ``MAX_SPEAKERS`` names it is a list or a glossary and no conversation: then
    nobody is named.
    """
    found = list(_paragraphs(text, named=True))
    if len({segment.label for segment in found} - {None}) > MAX_SPEAKERS:
        return list(_paragraphs(text, named=False))
    return found


def split_name(line: str) -> tuple[str | None, str]:
    """Divide ``NAME: words``; a line that names nobody is all words."""
    name, colon, words = line.partition(":")
    if colon and (not words or words[0].isspace()) and _is_name(name.strip()):
        return name.strip(), words
    return None, line


def _paragraphs(text: str, *, named: bool) -> Iterator[Segment]:
    speaker: str | None = None
    names: dict[str, str] = {}  # one string for each speaker, not for each line
    lines: list[str] = []
    for match in LINE.finditer(text):
        line = match[0]
        name, words = split_name(line) if named else (None, line)
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
