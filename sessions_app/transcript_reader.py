"""A transcript for reading: numbered turns, divided into parts that a browser can show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sessions_app.models import Session
from sessions_app.speaker_colours import speaker_colours
from sessions_app.speaker_stats import speaker_stats
from sessions_app.transcripts import Turn, turns

# A part ends at whichever comes first. The longest real evening has half of it: a single part.
PART_CHARACTERS = 600_000
PART_TURNS = 6_000

MAX_MATCHES = 200
TIME = re.compile(r"(?:(?:(\d{1,3}):)?([0-5]?\d):([0-5]\d)|(\d{1,6}))(?:[.,]\d+)?")


@dataclass(frozen=True)
class NumberedTurn:
    """A turn with its number and its part. ``colour`` is the speaker's, ``None`` if unnamed."""

    number: int
    part: int
    turn: Turn
    colour: int | None


class TranscriptReader:
    """The turns of a session, to be shown by parts, found by words and jumped to by time."""

    def __init__(self, session: Session) -> None:
        session_turns = turns(session)
        self.speakers = {
            turn.speaker_label: turn.speaker_name or turn.speaker_label
            for turn in session_turns
            if turn.speaker_label
        }
        # Those who spoke most come first, as on the page of the session. What several say
        # together is no speaker there, and has no colour.
        stats = speaker_stats(session)
        talkers = [share.name for share in stats.shares] if stats else []
        colours = speaker_colours(talkers or self.speakers.values())
        self.turns = list(_numbered(session_turns, colours))
        self.part_count = self.turns[-1].part if self.turns else 1
        self.has_times = any(turn.start is not None for turn in session_turns)

    def part(self, number: int) -> list[NumberedTurn]:
        """Return the turns of one part. The first part is 1."""
        return [turn for turn in self.turns if turn.part == number]

    def at(self, seconds: float) -> NumberedTurn | None:
        """Return the last turn that has begun by this time, or the first turn if none has."""
        begun = [
            turn
            for turn in self.turns
            if turn.turn.start is not None and turn.turn.start <= seconds
        ]
        return begun[-1] if begun else next(iter(self.turns), None)

    def of_line(self, text: str, line: int) -> NumberedTurn | None:
        """Return the turn that a line of the transcript's text, from 1, belongs to."""
        wordings = [(turn, words) for turn in self.turns for words in turn.turn.text.split("\n")]
        place = 0
        for written in text.split("\n")[: line - 1]:
            # A turn's words end its line, behind the name. A line may also be a name alone.
            if place < len(wordings) and written.strip().endswith(wordings[place][1].strip()):
                place += 1
        return wordings[min(place, len(wordings) - 1)][0] if wordings else None

    def find(self, words: str) -> list[NumberedTurn]:
        """Return the turns that contain these words in a row, ignoring case and white space."""
        wanted = _normalised(words)
        return [turn for turn in self.turns if wanted in _normalised(turn.turn.text)]


def parse_time(text: str) -> float | None:
    """Read a time such as ``1:02:03``, ``2:03`` or ``123`` as seconds; ``None`` if it is not one.

    Minutes go up to 59: ``62:03`` is not a time.
    """
    match = TIME.fullmatch(text.strip())
    if not match:
        return None
    hours, minutes, seconds, only_seconds = (int(group or 0) for group in match.groups())
    return float(only_seconds or hours * 3600 + minutes * 60 + seconds)


def _normalised(text: str) -> str:
    return " ".join(text.casefold().split())


def _numbered(session_turns: list[Turn], colours: dict[str, int]) -> Iterator[NumberedTurn]:
    part, characters, count = 1, 0, 0
    for number, turn in enumerate(session_turns, start=1):
        is_too_long = characters + len(turn.text) > PART_CHARACTERS or count >= PART_TURNS
        if count and is_too_long:
            part, characters, count = part + 1, 0, 0
        characters += len(turn.text)
        count += 1
        yield NumberedTurn(number, part, turn, colours.get(turn.speaker_name or ""))
