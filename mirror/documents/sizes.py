"""The size of an item, as DynamoDB counts it.

Source: the DynamoDB developer guide, "DynamoDB item sizes and formats": names and strings in
UTF-8 bytes; about one byte for two digits of a number, plus one; three bytes for a map or a list,
plus one for each member.
"""

from typing import Any

Value = dict[str, Any]

MAX_ITEM_BYTES = 400 * 1024  # DynamoDB's limit
OFFLOAD_BYTES = 50 * 1024  # a larger item moves long texts to S3: a rule of the data model


def item_size(item: dict[str, Value]) -> int:
    """Return the bytes of an item in DynamoDB's own notation (``{"name": {"S": "…"}}``)."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Value) -> int:
    """Return the bytes of one value; for a number, never fewer than DynamoDB counts."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return len(content) // 2 + 3
        case "M":
            return 3 + sum(1 + len(key.encode()) + value_size(v) for key, v in content.items())
        case "L":
            return 3 + sum(1 + value_size(member) for member in content)
        case _:
            return 1
