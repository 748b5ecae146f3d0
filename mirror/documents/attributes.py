"""PynamoDB attributes that take a Django field's value as it is.

Null and empty texts never get here: ``render`` leaves them out of the item, as ElectroDB does.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pynamodb.attributes import Attribute

from mirror import exact_json
from mirror.errors import Unmirrorable

# DynamoDB's limits.
MAX_DIGITS = 38  # significant digits of a number
TOO_LARGE = Decimal("1E126")  # the smallest number that is too large
SMALLEST = Decimal("1E-130")
MAX_DEPTH = 32  # levels of nesting


class TextAttribute(Attribute[Any]):
    """A string: text, and identifiers of any kind (UUID, integer) as text."""

    attr_type = "S"

    def __init__(self, attr_name: str | None = None, *, null: bool = True, **options: Any) -> None:
        super().__init__(attr_name=attr_name, null=null, **options)

    def serialize(self, value: Any) -> str:
        return encodable(str(value))

    def deserialize(self, value: Any) -> str:
        return str(value)


class TimeAttribute(Attribute[datetime]):
    """A time as ISO 8601 in UTC, cut (not rounded) to milliseconds, with ``Z``."""

    attr_type = "S"

    def __init__(self, attr_name: str | None = None, *, null: bool = True) -> None:
        super().__init__(attr_name=attr_name, null=null)

    def serialize(self, value: datetime) -> str:
        utc = value.astimezone(UTC)
        return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z".rjust(24, "0")

    def deserialize(self, value: Any) -> datetime:
        return datetime.fromisoformat(value)


class NativeAttribute(Attribute[Any]):
    """Any JSON value in DynamoDB's own types (maps, lists, numbers), not as a string of JSON."""

    attr_type = "NATIVE"  # not one of DynamoDB's types: serialize() returns the type with the value

    def __init__(self, attr_name: str | None = None, *, null: bool = True) -> None:
        super().__init__(attr_name=attr_name, null=null)

    def serialize(self, value: Any) -> dict[str, Any]:
        return to_native(value)

    def get_value(self, value: dict[str, Any]) -> Any:
        return value

    def deserialize(self, value: Any) -> Any:
        return from_native(value)


class WholeNumberAttribute(Attribute[int]):
    """An integer."""

    attr_type = "N"

    def __init__(self, attr_name: str | None = None, *, null: bool = True) -> None:
        super().__init__(attr_name=attr_name, null=null)

    def serialize(self, value: int) -> str:
        return number(value)

    def deserialize(self, value: Any) -> int:
        return int(value)


def to_native(value: Any, depth: int = 1) -> dict[str, Any]:
    """Return a JSON value in DynamoDB's notation (``{"M": {"a": {"N": "1"}}}``).

    Raises ``Unmirrorable`` if DynamoDB cannot hold it.
    """
    if depth > MAX_DEPTH:
        raise Unmirrorable("NestedTooDeep")
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float() | Decimal():
            return {"N": number(value)}
        case str():
            return {"S": encodable(value)}
        case list():
            return {"L": [to_native(item, depth + 1) for item in value]}
        case {"": _}:
            raise Unmirrorable("EmptyName")
        case dict():
            return {"M": {encodable(k): to_native(v, depth + 1) for k, v in value.items()}}
        case _:
            raise Unmirrorable(f"NoJSON_{type(value).__name__}")


def from_native(value: dict[str, Any]) -> Any:
    """Return the JSON value that ``to_native`` was given."""
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
