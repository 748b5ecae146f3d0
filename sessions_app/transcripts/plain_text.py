"""Plain text: a line for each turn, ``NAME: words``, or text without names.

A line without a name continues the turn before it, and an empty line begins a new paragraph. Until
the first name, every line is a paragraph.

Who is a speaker: a line names one if what stands before its colon looks like a name (see
``split_name``), even if it does so only once: a guest may say one sentence. Two things are words
of the turn before, though they look like names:

- a word that announces something, such as ``Warning: do not enter.`` or ``Chapter 2: ...``;
- where nearly all names are written in capitals, a single ``Sign: keep out.`` that is not.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from sessions_app.transcripts.metrics import compute_metrics
from sessions_app.transcripts.transcript import MAX_SPEAKERS, Segment, Transcript, TranscriptError

# Each line may be a turn, and a page goes through all turns: with more lines it would take seconds
# and a gigabyte of memory. An evening has some 5,000 turns.
MAX_LINES = 200_000
MAX_NAME_LENGTH = 60  # in characters; a longer text before a colon is a sentence
MAX_PARTICLE_LENGTH = 3  # "of", "the" and "and" in a name

# A word of a name, an initial or a title (J., Dr.; a longer word ends a sentence), or a sign.
NAME_WORD = re.compile(r"[(#]?[^\W_][\w'’/-]*[),]?|(?:[^\W\d_]{1,3}\.)+|[&-]")

# What a line announces with one of these words is no turn of a speaker.
ANNOUNCEMENTS = frozenset({
    "act", "attention", "caution", "chapter", "characters", "date", "episode", "example", "hint",
    "location", "nb", "n.b", "note", "notes", "part", "place", "players", "previously",
    "prologue", "epilogue", "ps", "p.s", "recap", "rule", "rules", "scene", "session", "summary",
    "time", "tip", "title", "todo", "warning",
})  # fmt: skip
NUMBER = re.compile(r"[\s#.]*(?:\d+|[IVXLC]+)?\Z")  # Chapter 2, Part IV
MOST = 0.9  # of the names: then the others are exceptions


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
    lines = text.split("\n")
    names = list(map(_name, lines))
    speakers = _speakers(Counter(name for name in names if name is not None))
    return list(_paragraphs(lines, names, speakers if len(speakers) <= MAX_SPEAKERS else {}))


def split_name(line: str) -> tuple[str | None, str]:
    """Divide ``NAME: words`` into name and words. The name is ``None`` if the line has none."""
    name = _name(line)
    return (None, line) if name is None else (name, line.partition(":")[2])


def _name(line: str) -> str | None:
    colon = line.find(":")
    if colon <= 0 or not (line[colon + 1 : colon + 2] or " ").isspace():
        return None
    name = line[:colon].strip()
    return name if len(name) <= MAX_NAME_LENGTH and _is_name(name) else None


def _speakers(counts: Counter[str]) -> dict[str, str]:
    """Return the names of speakers, each as one string for all of its segments."""
    in_capitals = sum(count for name, count in counts.items() if _is_in_capitals(name))
    only_capitals = in_capitals > MOST * counts.total()
    return {
        name: name
        for name, count in counts.items()
        if not only_capitals or count > 1 or _is_in_capitals(name)
    }


def _paragraphs(
    all_lines: list[str], names: list[str | None], speakers: dict[str, str]
) -> Iterator[Segment]:
    speaker: str | None = None
    lines: list[str] = []
    for line, name in zip(all_lines, names, strict=True):
        next_speaker = None if name is None else speakers.get(name)
        words = (line if next_speaker is None else line.partition(":")[2]).strip()
        if lines and (next_speaker is not None or speaker is None or not words):
            yield Segment(speaker, "\n".join(lines))
            lines = []
        speaker = next_speaker or speaker
        if words:
            lines.append(words)
    if lines:
        yield Segment(speaker, "\n".join(lines))


def _is_in_capitals(name: str) -> bool:
    """Whether a name is written in capitals, apart from particles: ``MATT and LAURA``."""
    first, *others = name.split()
    return first == first.upper() and all(
        word == word.upper() or _is_lower(word) for word in others
    )


@lru_cache(maxsize=1000)  # the same few names stand before thousands of lines
def _is_name(text: str) -> bool:
    """Whether ``text``, before a colon, names a speaker: ``MATT``, ``spk_0``, ``Lady of the Ice``.

    In a name of several words the first and the last are capitalised, and words in lower case are
    short. So ``And then he says: ...`` in the middle of a turn does not name a speaker.
    """
    words = text.split()
    if not words or not all(map(NAME_WORD.fullmatch, words)):
        return False
    if NUMBER.sub("", text).casefold() in ANNOUNCEMENTS:
        return False
    if len(words) == 1:
        return True
    return not any(map(_is_lower, (words[0], words[-1]))) and not any(
        _is_lower(word) and len(word) > MAX_PARTICLE_LENGTH for word in words
    )


def _is_lower(word: str) -> bool:
    return word.lstrip("(#")[:1].islower()
