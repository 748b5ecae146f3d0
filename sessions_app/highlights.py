"""Highlights: quotes from a transcript, where they are in it, and how they get into a recap."""

import re
import unicodedata
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property, lru_cache

from django.contrib.auth.models import User
from django.db.models import QuerySet

from campaigns.models import Campaign
from sessions_app.models import Highlight, Session
from sessions_app.transcript_reader import NumberedTurn, TranscriptReader, matches, normalised

MAX_QUOTE = 2000  # characters
MAX_HIGHLIGHTS = 500  # of a session
PER_PAGE = 50
NEWEST = 10  # that the page of a campaign lists
APOSTROPHES = "'’"
# Scripts that leave no space between words, by how the names of their characters begin.
WITHOUT_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


class QuoteFinder:
    """Finds quotes in a transcript, even if its turns were cut, joined or deleted meanwhile."""

    def __init__(self, reader: TranscriptReader) -> None:
        self.reader = reader

    def find(self, quote: str, number: int) -> NumberedTurn | None:
        """Return the turn with these words in a row that is nearest to ``number``.

        ``None`` if there is none: the words were corrected, or it is another transcript.
        """
        wanted = normalised(quote)
        turn = self.reader.turn(number)
        if turn is not None and wanted in normalised(turn.turn.text):
            return turn
        return self._nearest(wanted, number)

    @cached_property
    def _text(self) -> str:
        return "\n".join(normalised(turn.text) for turn in self.reader.turns)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each turn begins in ``_text``."""
        return [0, *(match.end() for match in re.finditer("\n", self._text))]

    def _nearest(self, wanted: str, number: int) -> NumberedTurn | None:
        here = self._starts[min(max(number - 1, 0), len(self._starts) - 1)]
        found = (self._text.rfind(wanted, 0, here), self._text.find(wanted, here))
        numbers = [bisect(self._starts, place) for place in found if place >= 0]
        nearest = min(numbers, key=lambda found: abs(found - number), default=0)
        return self.reader.turn(nearest)


def places(quote: str, text: str) -> list[tuple[int, int]]:
    """Return where a quote stands in a text: as whole words, unless it nowhere does."""
    found = matches(quote, text)
    whole = [
        (start, end)
        for start, end in found
        if not _is_within_word(text, start) and not _is_within_word(text, end)
    ]
    return whole or found


def with_whole_words(quote: str, text: str) -> str:
    """Return a quote from a text with the rest of the words in which it begins and ends."""
    for start, end in places(quote, text)[:1]:
        first, last = start, end
        while _is_within_word(text, first):
            first -= 1
        while _is_within_word(text, last):
            last += 1
        if (first, last) != (start, end):
            return text[first:last]
    return quote


def _is_within_word(text: str, place: int) -> bool:
    """Whether the characters before and after this place are of one word."""
    return 0 < place < len(text) and _is_of_word(text, place - 1) and _is_of_word(text, place)


def _is_of_word(text: str, place: int) -> bool:
    """Whether a character is a letter, an accent, a digit, or an apostrophe between them."""
    if text[place] in APOSTROPHES and 0 < place < len(text) - 1:
        return _is_letter(text[place - 1]) and _is_letter(text[place + 1])
    return _is_letter(text[place])


@lru_cache
def _is_letter(character: str) -> bool:
    is_letter = character.isalnum() or unicodedata.category(character).startswith("M")
    return is_letter and not unicodedata.name(character, "").startswith(WITHOUT_SPACES)


def make_highlight(session: Session, turn: NumberedTurn, quote: str) -> Highlight:
    """Return a highlight of words in a turn. The caller saves."""
    longest = Highlight._meta.get_field("speaker").max_length
    return Highlight(
        session=session,
        quote=quote,
        speaker=(turn.turn.speaker_name or "")[:longest],
        start=turn.turn.start,
        turn=turn.number,
    )


def by_turn(reader: TranscriptReader, highlights: Iterable[Highlight]) -> dict[int, list[str]]:
    """Return the quotes to mark in each turn, by its number."""
    finder = QuoteFinder(reader)
    quotes: defaultdict[int, list[str]] = defaultdict(list)
    for highlight in highlights:
        if turn := finder.find(highlight.quote, highlight.turn):
            quotes[turn.number].append(highlight.quote)
    return dict(quotes)


def of_campaign(campaign: Campaign, owner: User) -> QuerySet[Highlight]:
    """Return the highlights of a campaign, newest first, without long texts of their sessions."""
    names = ("quote", "speaker", "start", "turn", "session__name")
    return (
        Highlight.objects.filter(session__campaign=campaign, session__owner=owner)
        .select_related("session")
        .only(*names)
        .order_by("-created_at", "id")
    )


def as_quote(highlight: Highlight) -> str:
    """Write a highlight as a quote in Markdown."""
    lines = f"“{highlight.quote}”".split("\n")
    quote = "\n".join(f"> {line}" for line in lines)
    return f"{quote} — {highlight.speaker}" if highlight.speaker else quote


def add_to_recap(session: Session, highlight: Highlight) -> bool:
    """Append a highlight to the player recap, unless it is in it. Return whether it was added.

    The caller saves.
    """
    quote = as_quote(highlight)
    if quote in session.player_recap:
        return False
    recap = session.player_recap.rstrip("\n")
    session.player_recap = f"{recap}\n\n{quote}\n" if recap else f"{quote}\n"
    return True
