"""What the name of a file says: a name for its session, and the day of play."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

# 2024-03-17, 2024_03_17 and 20240317, the last also in front of a time (202403172030).
YEAR_FIRST = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?P<sign>[-_. ]?)(?P<month>\d\d)(?P=sign)(?P<day>\d\d)"
    r"(?:\d{4}|\d{6})?(?!\d)"
)
# 17.03.2024. With other signs, the month may come first.
DAY_FIRST = re.compile(r"(?<!\d)(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d{4})(?!\d)")
FIRST_YEAR = 1970  # no session was recorded before


def session_name(path: str) -> str:
    """Name a session after its file: ``logs/03_the-dry-vault.txt`` gives ``03 the dry vault``."""
    stem = Path(printable(path)).stem
    return " ".join(stem.replace("_", " ").replace("-", " ").split()) or stem


def day_in(name: str) -> date | None:
    """Return the first day that a name has, unless it lies in the future."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)  # where it is later than in UTC
    for form in (YEAR_FIRST, DAY_FIRST):
        for match in form.finditer(name):
            try:
                day = date(*(int(match[part]) for part in ("year", "month", "day")))
            except ValueError:  # such as 20249999
                continue
            if day.year >= FIRST_YEAR and day <= tomorrow:
                return day
    return None


def printable(text: str) -> str:
    """Replace characters that cannot be printed, such as those of a path that is not UTF-8."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
