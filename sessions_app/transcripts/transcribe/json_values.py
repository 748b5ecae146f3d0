"""Reads values of the expected type from parsed JSON. An error names the path of the value."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

MAX_SECONDS = 1_000 * 3600.0  # no recording is longer


class UnexpectedValue(Exception):
    """A value is missing or not of the expected type.

    ``path`` is relative to the value that was being read, such as ``.items[3].type``. Each caller
    puts its own part of the path in front.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem


def read_list(read_element: Callable[[Any], T], values: Any, path: str) -> list[T]:
    """Read every element of a list. Raises ``UnexpectedValue`` with the index of the element."""
    if not isinstance(values, list):
        raise UnexpectedValue(path, "is not a list")
    elements: list[T] = []
    for index, value in enumerate(values):
        try:
            elements.append(read_element(value))
        except UnexpectedValue as error:
            raise UnexpectedValue(f"{path}[{index}]{error.path}", error.problem) from None
    return elements


def check_object(value: Any, path: str) -> dict[str, Any]:
    """Return the value if it is a JSON object."""
    if not isinstance(value, dict):
        raise UnexpectedValue(path, "is missing" if value is None else "is not an object")
    return value


def read_string(parent: dict[str, Any], key: str) -> str:
    """Return the string under a key."""
    value = parent.get(key)
    if not isinstance(value, str):
        raise UnexpectedValue(f".{key}", "is missing" if value is None else "is not a string")
    return value


def read_seconds(parent: dict[str, Any], key: str) -> float:
    """Return a time in seconds, to the millisecond. Amazon Transcribe writes it as a string."""
    value = parent.get(key)
    if value is None:
        raise UnexpectedValue(f".{key}", "is missing")
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds <= MAX_SECONDS:  # true for NaN, too
        raise UnexpectedValue(f".{key}", "is not a time in seconds")
    return round(seconds, 3)


def read_label(parent: dict[str, Any], *, is_multichannel: bool) -> str | None:
    """Return the label of the speaker, else of the channel, else ``None``.

    Each channel of a multichannel recording numbers its own speakers, so the label then names
    both: ``ch_1_spk_0``.
    """
    speaker = _read_optional(parent, "speaker_label")
    channel = _read_optional(parent, "channel_label")
    if is_multichannel and speaker and channel:
        return f"{channel}_{speaker}"
    return speaker or channel or None


def _read_optional(parent: dict[str, Any], key: str) -> str:
    return " ".join(read_string(parent, key).split()) if parent.get(key) is not None else ""
