"""Figures, times and durations in words: the same on all pages, in commands, mails and charts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format

MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds


def number(value: int) -> str:
    """Return a whole number with commas: ``12,345``."""
    return f"{value:,}"


def printable(text: str) -> str:
    """Return an id as it can stand in a line: quoted if it is empty or does not print."""
    return text if text and text.isprintable() else ascii(text)


def percent(value: object) -> str:
    """Return a percentage with up to four decimals, and no zeros at their end: ``99.95 %``."""
    return f"{float(str(value)):.4f}".rstrip("0").rstrip(".") + " %"


def day(value: date) -> str:
    """Return a day: ``3 Feb 2026``."""
    return date_format(value, "j M Y")


def moment(value: datetime) -> str:
    """Return a time in the site's time zone: ``3 Feb 2026, 14:05``."""
    return date_format(timezone.localtime(value), "j M Y, H:i")


def duration(value: timedelta | float) -> str:
    """Return a duration, or a number of seconds, in its two largest units: ``1 h 5 min``."""
    exact = value.total_seconds() if isinstance(value, timedelta) else value
    seconds = round(exact)
    if exact < 1:
        return "under 1 s"
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min {seconds % MINUTE} s"
    if seconds < DAY:
        return f"{seconds // HOUR} h {seconds % HOUR // MINUTE} min"
    return f"{number(seconds // DAY)} d {seconds % DAY // HOUR} h"
