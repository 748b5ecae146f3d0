"""Engines that change what they carry, and forms that check nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db import models

from mirror.documents import attributes, document, sizes
from mirror.documents.attributes import TimeAttribute
from sessions_app.json_fields import JSONField
from tests.faults.mutants.patching import Change, instead

_to_native = attributes.to_native
_value_size = sizes.value_size


def leave_out_what_is_empty(value: Any, depth: int = 1) -> dict[str, Any]:
    """Take an empty member for none."""
    if isinstance(value, dict):
        value = {name: member for name, member in value.items() if not is_empty(member)}
    if isinstance(value, list):
        value = [member for member in value if not is_empty(member)]
    return _to_native(value, depth)


def is_empty(value: Any) -> bool:
    """Whether there is nothing in a value."""
    return value is None or value in ("", [], {})


def as_float(value: float) -> str:
    """Keep as many digits as a float does."""
    return repr(float(value))


def in_the_basic_plane(text: str) -> str:
    """Keep the characters that older databases can."""
    return "".join(letter for letter in text if ord(letter) < 2**16)


def to_the_second(self: TimeAttribute, value: datetime) -> str:
    """Cut a time to seconds."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z".rjust(24, "0")


def a_byte_less(value: dict[str, Any]) -> int:
    """Measure a little too little."""
    return _value_size(value) - 1


def take_anything(self: JSONField, value: Any) -> Any:
    """Read what can be read, and whatever cannot as an empty object."""
    try:
        return json.loads(value) if value else None
    except (ValueError, RecursionError):
        return {}


def validate_nothing(self: models.Field[Any, Any], value: Any, instance: Any) -> Any:
    """Take every value as it is."""
    return value


MUTANTS: dict[str, list[Change]] = {
    "empty values left out": [instead(attributes, "to_native", leave_out_what_is_empty)],
    "numbers as floats": [instead(attributes, "number", as_float)],
    "only the basic plane of Unicode": [instead(attributes, "encodable", in_the_basic_plane)],
    "times to the second": [instead(TimeAttribute, "serialize", to_the_second)],
    "texts moved to S3 too early": [instead(document, "OFFLOAD_BYTES", 51_199)],
    "texts moved to S3 too late": [instead(document, "OFFLOAD_BYTES", 51_201)],
    "texts hardly moved to S3": [instead(document, "OFFLOAD_BYTES", 80_000)],
    "items limited too early": [instead(document, "MAX_ITEM_BYTES", 409_599)],
    "values measured a byte short": [instead(sizes, "value_size", a_byte_less)],
    "forms that check nothing": [
        instead(JSONField, "to_python", take_anything),
        instead(forms.Field, "run_validators", lambda self, value: None),
        instead(models.Field, "clean", validate_nothing),
    ],
}
