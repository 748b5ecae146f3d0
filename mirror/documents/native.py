"""Values in DynamoDB's own types and notation (``{"M": {"a": {"N": "1"}}}``), and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.types.range import Range

from mirror import exact_json
from mirror.errors import Unmirrorable

# DynamoDB's limits.
MAX_DIGITS = 38  # significant digits of a number
TOO_LARGE = Decimal("1E126")  # the smallest number that is too large
SMALLEST = Decimal("1E-130")
MAX_DEPTH = 32  # levels of nesting


def to_native(value: Any, depth: int = 1) -> dict[str, Any]:
    """Return a field's value in DynamoDB's notation: as text, where DynamoDB has no such type.

    Raises ``Unmirrorable`` if DynamoDB cannot hold it.
    """
    if depth > MAX_DEPTH:
        raise Unmirrorable("NestedTooDeep")
    match value:
        case list():
            return {"L": [to_native(item, depth + 1) for item in value]}
        case {"": _}:
            raise Unmirrorable("EmptyName")
        case dict():
            return {"M": {encodable(k): to_native(v, depth + 1) for k, v in value.items()}}
        case Range():
            return to_native(_range_members(value), depth)
        case _:
            return _scalar(value)


def _scalar(value: Any) -> dict[str, Any]:
    content: Any
    match value:
        case None:
            kind, content = "NULL", True
        case bool():
            kind, content = "BOOL", value
        case int() | float() | Decimal():
            kind, content = "N", number(value)
        case timedelta():
            kind, content = "N", number(seconds(value))
        case str():
            kind, content = "S", encodable(value)
        case datetime():
            kind, content = "S", value.astimezone(UTC).isoformat()
        case date() | time() | UUID():
            kind, content = "S", str(value)
        case bytes():
            kind, content = "B", value
        case _:
            raise Unmirrorable(f"NoJSON_{type(value).__name__}")
    return {kind: content}


def from_native(value: dict[str, Any]) -> Any:
    """Return the JSON value that ``to_native`` was given.

    What JSON does not have comes back as the text, the number or the map that stands for it.
    """
    ((kind, content),) = value.items()
    match kind:
        case "M":
            return {key: from_native(item) for key, item in content.items()}
        case "L":
            return [from_native(item) for item in content]
        case "N":
            return exact_json.load(content)
        case "NULL":
            return None
        case _:
            return content


def _range_members(value: Range[Any]) -> dict[str, Any]:
    """Return what Django, too, writes of a range."""
    if value.isempty:
        return {"empty": True}
    return {"bounds": value.bounds, "lower": value.lower, "upper": value.upper}


def seconds(length: timedelta) -> Decimal:
    """Return a duration in seconds, to the microsecond."""
    return Decimal(length // timedelta(microseconds=1)).scaleb(-6)


def number(value: float | Decimal) -> str:
    """Return a number in DynamoDB's notation, with every digit.

    Raises ``Unmirrorable`` if DynamoDB cannot hold it exactly.
    """
    exact = exact_json.as_decimal(value)
    if not exact.is_finite() or (exact and not SMALLEST <= exact.copy_abs() < TOO_LARGE):
        raise Unmirrorable("NumberOutOfRange")
    digits = "".join(map(str, exact.as_tuple().digits))
    if len(digits.strip("0")) > MAX_DIGITS:
        raise Unmirrorable("NumberTooManyDigits")
    return f"{value:f}" if isinstance(value, Decimal) else repr(value)


def encodable(text: str) -> str:
    """Return ``text``.

    Raises ``Unmirrorable`` if it contains a lone surrogate, which UTF-8 cannot hold.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unmirrorable("NotUnicode") from None
    return text
