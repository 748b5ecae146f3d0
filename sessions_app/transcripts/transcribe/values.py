"""Reads values of a job's output. An error names the path of the value."""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from sessions_app.transcripts.transcribe.job import Seconds, Timed

S = TypeVar("S")
T = TypeVar("T")

MAX_SECONDS = 1_000 * 3600.0  # no recording is longer

# What msgspec says, and what a person is told.
MESSAGE = re.compile(r"(.*?)(?: - at `\$([^`]*)`)?", re.DOTALL)
MISSING = re.compile(r"Object missing required field `(\w+)`")
PROBLEMS = {
    "Expected `array": "is not a list",
    "Expected `object": "is not an object",
    "Expected `str": "is not a string",
    "Expected `int": "is not a number",
}


class UnexpectedValue(Exception):
    """A value is missing or not of the expected type. ``path`` is such as ``.items[3].type``.

    Each caller may put its own part of the path in front.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem


class Labels(dict[tuple[str | None, str | None], str | None]):
    """The label to show for a speaker's and a channel's: the speaker's, or else the channel's.

    Each channel of a multichannel recording numbers its own speakers, so the label then names
    both: ``ch_1_spk_0``.
    """

    def __init__(self, *, is_multichannel: bool) -> None:
        super().__init__()
        self.is_multichannel = is_multichannel

    def __missing__(self, key: tuple[str | None, str | None]) -> str | None:
        speaker, channel = (" ".join((label or "").split()) for label in key)
        both = f"{channel}_{speaker}" if self.is_multichannel and speaker and channel else ""
        self[key] = both or speaker or channel or None
        return self[key]


def decode(data: bytes | str | msgspec.Raw, form: type[T]) -> T:
    """Read JSON of the form ``form``. Raises ``UnexpectedValue``."""
    try:
        return msgspec.json.decode(data, type=form)
    except msgspec.ValidationError as error:
        raise _unexpected(str(error)) from None
    except (msgspec.DecodeError, RecursionError):
        raise UnexpectedValue("", "cannot be read") from None


def read_each(read: Callable[[S], T], values: Iterable[S], path: str) -> Iterator[T]:
    """Read the elements of a list. Raises ``UnexpectedValue`` with the index of the element."""
    for index, value in enumerate(values):
        try:
            element = read(value)
        except UnexpectedValue as error:
            raise UnexpectedValue(f"{path}[{index}]{error.path}", error.problem) from None
        yield element


def read_times(timed: Timed) -> tuple[float, float]:
    """Return start and end in seconds, to the millisecond. Raises ``UnexpectedValue``."""
    start, end = _seconds(timed.start_time, ".start_time"), _seconds(timed.end_time, ".end_time")
    if end < start:
        raise UnexpectedValue(".end_time", "is before start_time")
    return start, end


def _seconds(value: Seconds, path: str) -> float:
    if value is None:
        raise UnexpectedValue(path, "is missing")
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds <= MAX_SECONDS:  # true for NaN, too
        raise UnexpectedValue(path, "is not a time in seconds")
    return round(seconds, 3)


def _unexpected(message: str) -> UnexpectedValue:
    """Return what msgspec says, in words for people. It quotes no value."""
    match = MESSAGE.fullmatch(message)
    problem, path = match.groups("") if match else (message, "")
    if missing := MISSING.fullmatch(problem):
        return UnexpectedValue(f"{path}.{missing[1]}", "is missing")
    if path.endswith("_time"):
        return UnexpectedValue(path, "is not a time in seconds")
    for beginning, meaning in PROBLEMS.items():
        if problem.startswith(beginning):
            return UnexpectedValue(path, meaning)
    return UnexpectedValue(path, "is not as expected")
