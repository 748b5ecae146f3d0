"""A transcript for reading: numbered turns, divided into parts that a browser can show."""

import math
import re
from bisect import bisect
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from sessions_app.models import Session
from sessions_app.speaker_colours import speaker_colours
from sessions_app.speaker_stats import speaker_stats
from sessions_app.transcripts import Turn, turns

# A part ends at whichever comes first. The longest real evening has half of it: a single part.
PART_CHARACTERS = 600_000
PART_TURNS = 6_000

MAX_MATCHES = 200
# Places to jump to: one each half hour, or, without times, about as often. A transcript of days has
# fewer of them, so that the list stays short.
PLACE_SECONDS = 1800
PLACE_WORDS = 5000
MAX_PLACES = 24

TIME = re.compile(r"(?:(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)|(\d{1,6}))(?:[.,]\d+)?")


class NumberedTurn(NamedTuple):
    """A turn with its number and its part. ``colour`` is that of the speaker, who may have none."""

    number: int
    part: int
    turn: Turn
    colour: int | None


class Place(NamedTuple):
    """A turn to jump to, ``seconds`` or ``words`` after the beginning."""

    turn: NumberedTurn
    seconds: int | None
    words: int | None


class TranscriptReader:
    """The turns of a session, to be shown by parts, found by words and jumped to by time."""

    def __init__(self, session: Session) -> None:
        self.turns = turns(session)
        self.speakers = {
            turn.speaker_label: turn.speaker_name or turn.speaker_label
            for turn in self.turns
            if turn.speaker_label
        }
        self._session = session
        self._part_starts = list(_part_starts(self.turns))
        self.part_count = len(self._part_starts)
        self.has_times = any(turn.start is not None for turn in self.turns)

    @cached_property
    def _colours(self) -> dict[str, int]:
        """Of those who have a colour on the page of the session: what several say has none."""
        stats = speaker_stats(self._session)
        talkers = [share.name for share in stats.shares] if stats else []
        return speaker_colours(self._session, talkers or self.speakers.values())

    def part(self, number: int) -> Iterator[NumberedTurn]:
        """Yield the turns of one part. The first part is 1."""
        start, end = [*self._part_starts, len(self.turns)][number - 1 : number + 1]
        return (self._numbered(index) for index in range(start, end))

    def turn(self, number: int) -> NumberedTurn | None:
        """Return a turn by its number, the first is 1; ``None`` if there is none."""
        return self._numbered(number - 1) if 0 < number <= len(self.turns) else None

    def at(self, seconds: float) -> NumberedTurn | None:
        """Return the last turn that has begun by this time, or the first turn if none has."""
        begun = [
            index
            for index, turn in enumerate(self.turns)
            if turn.start is not None and turn.start <= seconds
        ]
        return self.turn(begun[-1] + 1 if begun else 1)

    def of_line(self, text: str, line: int) -> NumberedTurn | None:
        """Return the turn that a line of the transcript's text, from 1, belongs to."""
        wordings = [
            (number, words)
            for number, turn in enumerate(self.turns, start=1)
            for words in turn.text.split("\n")
        ]
        place = 0
        for written in text.split("\n")[: line - 1]:
            # A turn's words end its line, behind the name. A line may also be a name alone.
            if place < len(wordings) and written.strip().endswith(wordings[place][1].strip()):
                place += 1
        return self.turn(wordings[min(place, len(wordings) - 1)][0]) if wordings else None

    def find(self, words: str) -> list[NumberedTurn]:
        """Return the turns that contain these words in a row, ignoring case and white space."""
        wanted = normalised(words)
        return [
            self._numbered(index)
            for index, turn in enumerate(self.turns)
            if wanted in normalised(turn.text)
        ]

    def places(self) -> list[Place]:
        """Return the turns with which each half hour begins, but the first: places to jump to."""
        if self.has_times:
            reached = [turn.start or 0.0 for turn in self.turns]
        else:
            counts = (turn.text.count(" ") + 1 for turn in self.turns)
            reached = list(accumulate(counts, initial=0.0))[: len(self.turns)]
        step = PLACE_SECONDS if self.has_times else PLACE_WORDS
        step *= max(1, math.ceil(max(reached, default=0.0) / step / MAX_PLACES))
        places, following = [], step
        for index, so_far in enumerate(reached):
            if so_far >= following:
                mark = int(so_far) // step * step
                following = mark + step
                times = (mark, None) if self.has_times else (None, mark)
                places.append(Place(self._numbered(index), *times))
        return places

    def _numbered(self, index: int) -> NumberedTurn:
        turn = self.turns[index]
        part = bisect(self._part_starts, index)
        return NumberedTurn(index + 1, part, turn, self._colours.get(turn.speaker_name or ""))


def parse_time(text: str) -> float | None:
    """Read a time such as ``1:02:03``, ``2:03`` or ``123`` as seconds; ``None`` if it is not one.

    Minutes go up to 59: ``62:03`` is not a time.
    """
    match = TIME.fullmatch(text.strip())
    if not match:
        return None
    hours, minutes, seconds, only_seconds = (int(group or 0) for group in match.groups())
    return float(only_seconds or hours * 3600 + minutes * 60 + seconds)


def normalised(text: str) -> str:
    """Return a text for comparisons that ignore case and white space."""
    return " ".join(text.casefold().split())


def matches(words: str, text: str) -> list[tuple[int, int]]:
    """Return where words stand in a row in a text: the beginning and the end of each place.

    They are compared as ``normalised`` does, but for letters that have several in another case.
    """
    pattern = r"\s+".join(map(re.escape, words.split()))
    return [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]


def _part_starts(session_turns: list[Turn]) -> Iterator[int]:
    """Yield the index of the first turn of each part."""
    yield 0
    start, characters = 0, 0
    for index, turn in enumerate(session_turns):
        is_too_long = characters + len(turn.text) > PART_CHARACTERS or index - start >= PART_TURNS
        if index > start and is_too_long:
            start, characters = index, 0
            yield start
        characters += len(turn.text)
