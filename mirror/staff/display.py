"""Values and texts in the form in which the pages show them."""

from __future__ import annotations

from typing import Any

from mirror import exact_json
from mirror.documents.native import from_native
from mirror.restore.reader import NOT_A_VALUE

MAX_SHOWN = 20_000  # characters of one text on a page: a transcript may have millions
CONTEXT = 150  # characters of a longer text that are shown before the first difference


def dynamodb_text(value: Any) -> str | None:
    """Return a value in DynamoDB's notation as a readable text; None for no value."""
    if value is None:
        return None
    if "N" in value:
        return str(value["N"])
    if "B" in value:
        return excerpt(value["B"].hex(" "), 0)
    try:
        return excerpt(json_text(from_native(value)), 0)
    except NOT_A_VALUE:  # no JSON: binary data within a list
        return excerpt(str(value), 0)


def json_text(value: Any) -> str:
    """Return a JSON value as a readable text."""
    if isinstance(value, str):
        return value
    return exact_json.dump(value, indent=2, ensure_ascii=False, sort_keys=True)


def first_difference(one: str, other: str) -> int:
    """Return the position at which two texts begin to differ; 0 if they are equal."""
    if one == other:
        return 0
    low, high = 0, min(len(one), len(other))
    while low < high:  # a binary search, since a transcript may have millions of characters
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def excerpt(text: str, at: int) -> str:
    """Return what a page shows of a text: all of it, or the part around position ``at``."""
    if len(text) <= MAX_SHOWN:
        return text
    start = max(0, min(at - CONTEXT, len(text) - MAX_SHOWN))
    before = f"[{start} characters]\n…" if start else ""
    rest = len(text) - start - MAX_SHOWN
    after = f"…\n[{rest} more characters]" if rest else ""
    return before + text[start : start + MAX_SHOWN] + after
