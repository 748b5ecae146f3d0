"""Throttling of log-ins: how long to wait after failed attempts. ``models`` counts them."""

FREE_ATTEMPTS = 5


FIRST_DELAY = 5  # seconds; each further failure doubles it


LONGEST_DELAY = 15 * 60  # seconds


def delay(failures: int) -> int:
    """Return the seconds to wait after so many failures: 0 at first, then 5, 10, 20 … up to 900."""
    if failures < FREE_ATTEMPTS:
        return 0
    doublings = min(failures - FREE_ATTEMPTS, 10)
    seconds: int = FIRST_DELAY * 2**doublings
    return min(seconds, LONGEST_DELAY)
