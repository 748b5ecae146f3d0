"""The names that are shown for the labels of speakers."""

import re
from collections.abc import Mapping

# Between the names of people who speak at once: "LAURA & ASHLEY", "MATT and SAM".
BETWEEN_NAMES = re.compile(r"(\s*[&+/,]\s*|\s+and\s+)", re.IGNORECASE)


def people_in(label: str) -> list[str]:
    """Return the labels of the people whom a joint label names; the label itself if it is one."""
    return [person for person in BETWEEN_NAMES.split(label)[::2] if person]


def shown_name(label: str, names: Mapping[str, str]) -> str:
    """Return the name that was given to a label, or else the label.

    A joint label without a name of its own takes over the names that were given to its people.
    """
    if name := names.get(label):
        return name
    parts = BETWEEN_NAMES.split(label)
    return "".join(names.get(part) or part for part in parts)
