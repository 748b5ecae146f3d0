"""Throttling: how long to wait after too many attempts. ``models`` counts them."""

import math
from typing import NamedTuple

FREE_ATTEMPTS = 5
FIRST_DELAY = 5  # seconds; each further attempt doubles it
LONGEST_DELAY = 15 * 60  # seconds
MINUTE = 60


class Limit(NamedTuple):
    """Attempts that are counted together, and how many of them are free.

    ``key`` is a hash, see ``limits``. If the counter is ``shared`` by several people, the success
    of one does not forget the attempts of the others.
    """

    key: str
    free: int = FREE_ATTEMPTS
    shared: bool = False


def delay(attempts: int, free: int = FREE_ATTEMPTS) -> int:
    """Return the seconds to wait after so many attempts: 0 at first, then 5, 10, 20 … up to 900."""
    if attempts < free:
        return 0
    doublings = min(attempts - free, 10)
    seconds: int = FIRST_DELAY * 2**doublings
    return min(seconds, LONGEST_DELAY)


def in_words(seconds: int) -> str:
    """Return a waiting time as text, rounded up to minutes from one minute on."""
    if seconds < MINUTE:
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    minutes = math.ceil(seconds / MINUTE)
    return f"{minutes} minute{'s' if minutes > 1 else ''}"
