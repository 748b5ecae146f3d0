"""The kinds of values that the options of the mirror's commands take."""

from argparse import ArgumentTypeError

from mirror.counters import Address


def whole(text: str) -> int:
    """Parse a whole number above 0."""
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError("takes a whole number above 0")
    return int(text)


def share(text: str) -> float:
    """Parse a percentage above 0, up to 100."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 100:  # noqa: PLR2004 - percent
        raise ArgumentTypeError("takes a number above 0, up to 100")
    return value


def minutes(text: str) -> float:
    """Return a number of minutes, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < float("inf"):
        raise ArgumentTypeError("takes a number of minutes, 0 or more")
    return value


def address(text: str) -> Address:
    """Parse a port of this machine, ``9200``, or an address and a port, ``0.0.0.0:9200``."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004 - what ports there are
        raise ArgumentTypeError("takes PORT or ADDRESS:PORT, such as 9200 or 0.0.0.0:9200")
    return Address(host or "127.0.0.1", int(port))


def segment(text: str) -> tuple[int, int]:
    """Parse which share of how many, as ``2/4``."""
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 0 < int(number) <= int(count)):
        raise ArgumentTypeError("takes K/N with K from 1 to N, such as 2/4 on the second of four")
    return int(number), int(count)
