"""Checks of a JSON document that know the path of what is wrong."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST = 1_000 * 3600.0  # seconds: no recording is longer


class Misfit(Exception):
    """A part of a document is not what it should be.

    ``path`` leads there from where the check began: ``.items[3].type``.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem


def each(read: Callable[[Any], T], values: Any, path: str) -> list[T]:
    """Read every element of a list. A ``Misfit`` is told with the place in the list."""
    if not isinstance(values, list):
        raise Misfit(path, "is no list")
    done: list[T] = []
    try:
        for value in values:
            done.append(read(value))  # noqa: PERF401 - its length says where it stopped
    except Misfit as misfit:
        raise Misfit(f"{path}[{len(done)}]{misfit.path}", misfit.problem) from None
    return done


def mapping(value: Any, path: str) -> dict[str, Any]:
    """Return an object as it is."""
    if not isinstance(value, dict):
        raise Misfit(path, "is missing" if value is None else "is no object")
    return value


def string(value: dict[str, Any], key: str) -> str:
    """Return the text under a key."""
    text = value.get(key)
    if not isinstance(text, str):
        raise Misfit(f".{key}", "is missing" if text is None else "is no text")
    return text


def seconds(value: dict[str, Any], key: str) -> float:
    """Return a time to the millisecond; Amazon Transcribe writes it as a text."""
    time = value.get(key)
    if time is None:
        raise Misfit(f".{key}", "is missing")
    try:
        number = math.nan if isinstance(time, bool) else float(time)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= LONGEST:  # nor is NaN
        raise Misfit(f".{key}", "is no time in seconds")
    return round(number, 3)


def label_of(value: dict[str, Any], *, is_joint: bool) -> str | None:
    """Return who speaks: the speaker, the channel, or both where ``is_joint``."""
    speaker, channel = _label(value, "speaker_label"), _label(value, "channel_label")
    if is_joint and speaker and channel:
        return f"{channel}_{speaker}"
    return speaker or channel or None


def _label(value: dict[str, Any], key: str) -> str:
    return " ".join(string(value, key).split()) if value.get(key) is not None else ""
