"""From the single words of Amazon Transcribe to what was said in one breath."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from sessions_app.transcripts.merge import PAUSE
from sessions_app.transcripts.transcribe.json_checks import (
    Misfit,
    label_of,
    mapping,
    seconds,
    string,
)
from sessions_app.transcripts.transcript import Segment

SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।")  # noqa: RUF001
OPENING = tuple("([{«“‘¿¡")

# Chinese, Japanese, Thai and Lao are written without spaces between words (Korean has them).
UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


class Word(NamedTuple):
    """A word, or a punctuation mark, which has no times (in seconds).

    ``segment`` numbers the stretch that the transcriber put it in; 0: not known.
    """

    text: str
    start: float | None
    end: float | None
    label: str | None
    segment: int = 0


def read_word(value: Any, *, is_joint: bool) -> Word:
    """Read an element of ``items``. Raises ``Misfit``."""
    mapping(value, "")
    alternatives = value.get("alternatives")
    if not isinstance(alternatives, list) or not alternatives:
        raise Misfit(".alternatives", "lists no word")
    try:
        text = " ".join(string(mapping(alternatives[0], ""), "content").split())
    except Misfit as misfit:
        raise Misfit(f".alternatives[0]{misfit.path}", misfit.problem) from None
    label = label_of(value, is_joint=is_joint)
    if value.get("type") == "punctuation" or not (text or "start_time" in value):
        return Word(text, None, None, label)
    start, end = seconds(value, "start_time"), seconds(value, "end_time")
    if end < start:
        raise Misfit(".end_time", "lies before start_time")
    return Word(text, start, end, label)


def phrases(words: Iterable[Word]) -> list[Segment]:
    """Divide words where the speaker changes, and where the transcriber divided them.

    Where it did not: at the end of a sentence, and at a pause.
    """
    found: list[Segment] = []
    phrase: list[Word] = []
    spoken: Word | None = None
    for word in words:
        if not word.text:
            continue  # a vocabulary filter has taken it out
        if word.start is not None:
            if spoken is not None and _is_new(word, spoken, phrase[-1]):
                found.append(_segment(phrase))
                phrase = []
            spoken = word
        phrase.append(word)
    if spoken is not None:
        found.append(_segment(phrase))
    return found


def _is_new(word: Word, spoken: Word, last: Word) -> bool:
    """Whether ``word`` begins a phrase, after the word ``spoken`` and the word or mark ``last``."""
    if (word.label, word.segment) != (spoken.label, spoken.segment):
        return True
    if word.segment or word.start is None or spoken.end is None:
        return False
    return last.text in SENTENCE_ENDS or word.start - spoken.end > PAUSE


def _segment(phrase: list[Word]) -> Segment:
    starts = [word.start for word in phrase if word.start is not None]
    ends = [word.end for word in phrase if word.end is not None]
    label = next(word.label for word in phrase if word.start is not None)
    return Segment(label, _join(phrase), min(starts), max(ends))


def _join(phrase: list[Word]) -> str:
    text = ""
    for word in phrase:
        if text and _has_space(text, word):
            text += " "
        text += word.text
    return text


def _has_space(text: str, word: Word) -> bool:
    """Whether a space stands between ``text`` and ``word``: not before a mark, but a bracket."""
    if text.endswith(OPENING):
        return False
    if word.start is None:
        return word.text.startswith(OPENING)
    return not (UNSPACED.match(text[-1]) and UNSPACED.match(word.text[0]))
