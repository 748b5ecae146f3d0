"""Rewrites the lines of turns in a plain text."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sessions_app.transcripts import Segment
from sessions_app.transcripts.plain_text import split_name
from sessions_app.turn_edits.refusals import EditRefused

LINE = re.compile("^.*", re.MULTILINE)


class Span(NamedTuple):
    """Where a line, or all lines of a turn, are in a text.

    ``start`` includes a line before it that has only the name. ``words_start`` is where the line
    with its first words begins.
    """

    start: int
    words_start: int
    end: int
    names_speaker: bool
    words: str = ""


def rewrite(
    text: str, found: Sequence[Segment], first: int, end: int, new: Sequence[Segment]
) -> str:
    """Return ``text``, which reads as ``found``, with the turns ``first`` to ``end`` replaced."""
    spans = _spans(text, found)
    after = text[spans[end - 1].end :]
    if end < len(found) and not spans[end].names_speaker:
        # It was said by the speaker of the turn before it.
        last = new[-1].label if new else found[first - 1].label if first else None
        if (label := found[end].label) and label != last:
            words = spans[end].words_start - spans[end - 1].end
            after = f"{after[:words]}{label}: {after[words:]}"
    block = "\n".join(_as_lines(turn) for turn in new)
    return text[: spans[first].start] + (block + after if new else after.removeprefix("\n"))


def _as_lines(turn: Segment) -> str:
    return turn.text if turn.label is None else f"{turn.label}: {turn.text}"


def _spans(text: str, found: Sequence[Segment]) -> list[Span]:
    """Return where each turn is. Raises ``EditRefused`` if the text does not read as ``found``."""
    wanted = [line for turn in found for line in turn.text.split("\n")]
    for with_names in (True, False):  # a text with too many names is read as if it had none
        lines = list(_lines_with_words(text, with_names=with_names))
        if [line.words for line in lines] == wanted:
            break
    else:
        raise EditRefused("The lines of this transcript cannot be told apart.")
    spans = []
    rest = iter(lines)
    for turn in found:
        own = [next(rest) for _ in turn.text.split("\n")]
        spans.append(own[0]._replace(end=own[-1].end))
    return spans


def _lines_with_words(text: str, *, with_names: bool) -> Iterator[Span]:
    name_start: int | None = None  # of a line with a name and no words
    for match in LINE.finditer(text):
        name, words = split_name(match[0]) if with_names else (None, match[0])
        if name is not None:
            name_start = match.start()
        if words := words.strip():
            start = match.start() if name_start is None else name_start
            yield Span(start, match.start(), match.end(), name_start is not None, words)
            name_start = None
