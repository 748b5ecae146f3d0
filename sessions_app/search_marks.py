"""Marks the words of a query in a text, as HTML."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from sessions_app.search_words import Wanted

# A word as ``public.search_fold`` finds it (see migration 0009). Should they differ, a mark is
# missing, never a hit.
COMBINING = re.compile("[\u0300-\u036f]+")
WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f]|(?<=[nN])['’](?=[tT]\b))*")
LETTERS = str.maketrans(
    {"ß": "ss", "þ": "th", "æ": "ae", "œ": "oe"}
    | dict(zip("øłđðıħ", "olddih", strict=True))
    | dict.fromkeys("'’")
)
LONGEST_SNIPPET = 300  # characters
BEFORE_MARK = 100  # of them


@dataclass(frozen=True)
class Span:
    """A match in a text, and the number of the group of words that it matches."""

    start: int
    end: int
    group: int


class Marker:
    """Finds and marks the words of a query."""

    def __init__(self, wanted: Wanted) -> None:
        self.terms = [
            (number, words) for number, group in enumerate(wanted.groups) for words in group
        ]

    def spans(self, text: str) -> list[Span]:
        """Return the matches in their order. None overlaps another."""
        found = list(WORD.finditer(text))
        folded = [_fold(match[0]) for match in found]
        spans = sorted(
            (
                Span(match.start(), found[index + len(words.before)].end(), group)
                for group, words in self.terms
                for index, match in enumerate(found[: len(found) - len(words.before)])
                if words.match(folded[index : index + len(words.before) + 1])
            ),
            key=lambda span: (span.start, -span.end),
        )
        apart: list[Span] = []
        for span in spans:
            if not apart or span.start >= apart[-1].end:
                apart.append(span)
        return apart

    def marked(self, text: str) -> SafeString:
        """Escape a text, and mark the matches in it."""
        pieces, position = [], 0
        for span in self.spans(text):
            pieces.append(escape(text[position : span.start]))
            pieces.append(format_html("<mark>{}</mark>", text[span.start : span.end]))
            position = span.end
        return SafeString("".join([*pieces, escape(text[position:])]))

    def snippet(self, text: str) -> SafeString:
        """Return a marked text; of a long one, the part around the first match."""
        text = text.strip()
        spans = self.spans(text)
        if len(text) <= LONGEST_SNIPPET:
            return self.marked(text)
        start = max(0, (spans[0].start if spans else 0) - BEFORE_MARK)
        start = text.find(" ", start, start + BEFORE_MARK) + 1 if start else 0
        part = text[start : start + LONGEST_SNIPPET]
        is_end = start + LONGEST_SNIPPET >= len(text)
        if not is_end and " " in part:
            part = part[: part.rindex(" ")]
        before, after = "… " if start else "", "" if is_end else " …"
        return format_html("{}{}{}", before, self.marked(part), after)


@lru_cache(maxsize=10_000)
def _fold(word: str) -> str:
    if word.isascii():
        return word.lower().replace("'", "")
    return COMBINING.sub("", unicodedata.normalize("NFKD", word)).lower().translate(LETTERS)
