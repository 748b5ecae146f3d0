"""A transcript as a reader sees it: numbered turns, in parts that a browser shows at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sessions_app.models import Session
from sessions_app.speaker_stats import SPEAKER_COLOURS
from sessions_app.transcripts import Turn, turns

PART_CHARACTERS = 600_000  # the longest of real evenings are half as long, and stay in one piece
PART_TURNS = 6_000
MAX_MATCHES = 200
TIME = re.compile(r"(?:(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)|(\d{1,6}))(?:[.,]\d+)?")


@dataclass(frozen=True)
class NumberedTurn:
    """A turn with its place. ``colour`` tells speakers apart where it is not ``None``."""

    number: int
    part: int
    turn: Turn
    colour: int | None


class Reading:
    """The turns of a session, and ways to get around in them."""

    def __init__(self, session: Session) -> None:
        spoken = turns(session)
        self.speakers = {
            turn.speaker_label: turn.speaker_name or turn.speaker_label
            for turn in spoken
            if turn.speaker_label
        }
        colours = {
            label: index % SPEAKER_COLOURS for index, label in enumerate(sorted(self.speakers))
        }
        self.turns = list(_number(spoken, colours))
        self.parts = self.turns[-1].part if self.turns else 1
        self.has_times = any(turn.start is not None for turn in spoken)

    def part(self, number: int) -> list[NumberedTurn]:
        """Return the turns of one part; parts count from 1."""
        return [turn for turn in self.turns if turn.part == number]

    def at(self, seconds: float) -> NumberedTurn | None:
        """Return the turn that is spoken at this time: the last one that has begun by then."""
        begun = [turn for turn in self.turns if (turn.turn.start or 0.0) <= seconds]
        timed = [turn for turn in begun if turn.turn.start is not None]
        return timed[-1] if timed else next(iter(self.turns), None)

    def find(self, words: str) -> list[NumberedTurn]:
        """Return the turns with these words in a row, whatever the case and the spaces."""
        wanted = _evened(words)
        return [turn for turn in self.turns if wanted in _evened(turn.turn.text)]


def seconds(text: str) -> float | None:
    """Read a time as people write it: ``1:02:03``, ``62:03`` is not one, ``2:03``, ``123``."""
    found = TIME.fullmatch(text.strip())
    if not found:
        return None
    hours, minutes, rest, plain = (int(group or 0) for group in found.groups())
    return float(plain or hours * 3600 + minutes * 60 + rest)


def _evened(text: str) -> str:
    return " ".join(text.casefold().split())


def _number(spoken: list[Turn], colours: dict[str, int]) -> Iterator[NumberedTurn]:
    part, size, count = 1, 0, 0
    for number, turn in enumerate(spoken, start=1):
        if count and (size + len(turn.text) > PART_CHARACTERS or count >= PART_TURNS):
            part, size, count = part + 1, 0, 0
        size += len(turn.text)
        count += 1
        yield NumberedTurn(number, part, turn, colours.get(turn.speaker_label or ""))
