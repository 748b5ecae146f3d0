"""PynamoDB attributes that take a Django field's value as it is.

Null and empty texts never get here: ``render`` leaves them out of the item, as ElectroDB does.
"""

from datetime import UTC, datetime
from typing import Any

from pynamodb.attributes import Attribute

from mirror.documents import native


class TextAttribute(Attribute[Any]):
    """A string: text, and identifiers of any kind (UUID, integer) as text."""

    attr_type = "S"

    def __init__(self, attr_name: str | None = None, *, null: bool = True, **options: Any) -> None:
        super().__init__(attr_name=attr_name, null=null, **options)

    def serialize(self, value: Any) -> str:
        return native.encodable(str(value))

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


class ExactTimeAttribute(TimeAttribute):
    """A time as ISO 8601 in UTC, to the microsecond as PostgreSQL has it, with ``Z``."""

    def serialize(self, value: datetime) -> str:
        utc = value.astimezone(UTC).replace(tzinfo=None)
        return f"{utc.isoformat(timespec='microseconds')}Z"


class NativeAttribute(Attribute[Any]):
    """Any value in DynamoDB's own types: JSON, arrays, numbers, booleans, binary data, ranges.

    A duration is a number of seconds.
    """

    attr_type = "NATIVE"  # not one of DynamoDB's types: serialize() returns the type with the value

    def __init__(self, attr_name: str | None = None, *, null: bool = True) -> None:
        super().__init__(attr_name=attr_name, null=null)

    def serialize(self, value: Any) -> dict[str, Any]:
        return native.to_native(value)

    def get_value(self, value: dict[str, Any]) -> Any:
        return value

    def deserialize(self, value: Any) -> Any:
        return native.from_native(value)


class WholeNumberAttribute(Attribute[int]):
    """An integer."""

    attr_type = "N"

    def __init__(self, attr_name: str | None = None, *, null: bool = True) -> None:
        super().__init__(attr_name=attr_name, null=null)

    def serialize(self, value: int) -> str:
        return native.number(value)

    def deserialize(self, value: Any) -> int:
        return int(value)
