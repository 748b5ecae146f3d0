"""Joins the single words of Amazon Transcribe into phrases: what was said in one breath."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from sessions_app.transcripts.merge import PAUSE
from sessions_app.transcripts.transcribe.job import Item
from sessions_app.transcripts.transcribe.values import Labels, UnexpectedValue, read_times
from sessions_app.transcripts.transcript import Segment

SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।")  # noqa: RUF001
OPENING_MARKS = tuple("([{«“‘¿¡")

# Chinese, Japanese, Thai and Lao are written without spaces between words (Korean has them).
UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


class Word(NamedTuple):
    """A word, or a punctuation mark, which has no times. Times are in seconds.

    ``segment`` is the number of the segment in which the transcriber put the word, 0 if unknown.
    """

    text: str
    start: float | None
    end: float | None
    label: str | None
    segment: int = 0


def read_word(item: Item, labels: Labels) -> Word:
    """Read an element of ``items``. Raises ``UnexpectedValue``."""
    if not item.alternatives:
        raise UnexpectedValue(".alternatives", "is empty")
    text = " ".join(item.alternatives[0].content.split())
    label = labels[item.speaker_label, item.channel_label]
    if item.type == "punctuation" or not (text or item.start_time is not None):
        return Word(text, None, None, label)
    start, end = read_times(item)
    return Word(text, start, end, label)


def join_phrases(words: Iterable[Word]) -> list[Segment]:
    """Join words into phrases, divided where the speaker or the transcriber's segment changes.

    Words without a segment are divided at the end of a sentence and at a pause.
    """
    phrases: list[Segment] = []
    phrase: list[Word] = []
    last_spoken: Word | None = None  # the last word with times, not a punctuation mark
    for word in words:
        if not word.text:
            continue  # a vocabulary filter has removed it
        if word.start is not None:
            if last_spoken is not None and _begins_phrase(word, last_spoken, phrase[-1]):
                phrases.append(_segment(phrase))
                phrase = []
            last_spoken = word
        phrase.append(word)
    if last_spoken is not None:
        phrases.append(_segment(phrase))
    return phrases


def _begins_phrase(word: Word, last_spoken: Word, last: Word) -> bool:
    """Whether ``word`` begins a phrase. ``last`` is ``last_spoken`` or a mark after it."""
    if (word.label, word.segment) != (last_spoken.label, last_spoken.segment):
        return True
    if word.segment or word.start is None or last_spoken.end is None:
        return False
    return last.text in SENTENCE_ENDS or word.start - last_spoken.end > PAUSE


def _segment(phrase: list[Word]) -> Segment:
    starts = [word.start for word in phrase if word.start is not None]
    ends = [word.end for word in phrase if word.end is not None]
    label = next(word.label for word in phrase if word.start is not None)
    return Segment(label, _join(phrase), min(starts), max(ends))


def _join(phrase: list[Word]) -> str:
    text = ""
    for word in phrase:
        if text and _needs_space(text, word):
            text += " "
        text += word.text
    return text


def _needs_space(text: str, word: Word) -> bool:
    """Whether there is a space between ``text`` and ``word``.

    There is none before a punctuation mark, unless it opens something.
    """
    if text.endswith(OPENING_MARKS):
        return False
    if word.start is None:
        return word.text.startswith(OPENING_MARKS)
    return not (UNSPACED.match(text[-1]) and UNSPACED.match(word.text[0]))
