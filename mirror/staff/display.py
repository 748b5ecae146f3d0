"""Values as a page shows them."""

from __future__ import annotations

import json
from typing import Any

from mirror.documents.attributes import from_native
from mirror.restore.reader import NOT_A_VALUE

SHOWN = 20_000  # characters of one text on the page: a transcript may have millions
BEFORE = 150  # characters of a longer text that are shown before the first difference


def shown(value: Any) -> str | None:
    """Return a value of DynamoDB's as a person reads it."""
    if value is None:
        return None
    if "N" in value:
        return str(value["N"])
    try:
        return excerpt(words(from_native(value)), 0)
    except NOT_A_VALUE:
        return str(value)


def words(value: Any) -> str:
    """Return a JSON value as a person reads it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def difference(one: str, other: str) -> int:
    """Return where two texts begin to differ; 0 where they do not."""
    if one == other:
        return 0
    low, high = 0, min(len(one), len(other))
    while low < high:  # by halves: a transcript may have millions of characters
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def excerpt(text: str, at: int) -> str:
    """Return what the page shows of a text: all of it, or the part around ``at``."""
    if len(text) <= SHOWN:
        return text
    start = max(0, min(at - BEFORE, len(text) - SHOWN))
    before = f"[{start} characters]\n…" if start else ""
    rest = len(text) - start - SHOWN
    after = f"…\n[{rest} more characters]" if rest else ""
    return before + text[start : start + SHOWN] + after
