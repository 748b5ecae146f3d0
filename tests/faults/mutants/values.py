"""Mutants that change values on their way, count bytes wrongly, or do not validate forms."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db import models

from config.web.forms import LongText
from mirror.documents import long_texts, native, render, sizes
from mirror.documents.attributes import TimeAttribute
from sessions_app.json_fields import JSONFormField
from tests.faults.mutants.patching import Change, replace

_to_native = native.to_native
_value_size = sizes.value_size


def to_native_without_empty_values(value: Any, depth: int = 1) -> dict[str, Any]:
    """Leave out empty members of maps and lists."""
    if isinstance(value, dict):
        value = {name: member for name, member in value.items() if not is_empty(member)}
    if isinstance(value, list):
        value = [member for member in value if not is_empty(member)]
    return _to_native(value, depth)


def is_empty(value: Any) -> bool:
    """Whether a value is null, or an empty text, map or list."""
    return value is None or value in ("", [], {})


def number_as_float(value: float) -> str:
    """Keep only as many digits as a float does."""
    return repr(float(value))


def only_basic_plane(text: str) -> str:
    """Drop the characters beyond U+FFFF."""
    return "".join(letter for letter in text if ord(letter) < 2**16)


def time_cut_to_seconds(self: TimeAttribute, value: datetime) -> str:
    """Cut a time to seconds."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z".rjust(24, "0")


def value_size_one_byte_short(value: dict[str, Any]) -> int:
    """Count one byte less than there is."""
    return _value_size(value) - 1


def invalid_json_as_empty_object(self: JSONFormField, value: Any) -> Any:
    """Accept any text; read invalid JSON as an empty object."""
    try:
        return json.loads(value) if value else None
    except (ValueError, RecursionError):
        return {}


def clean_without_validation(self: models.Field[Any, Any], value: Any, instance: Any) -> Any:
    """Accept every value."""
    return value


MUTANTS: dict[str, list[Change]] = {
    "empty values left out": [replace(native, "to_native", to_native_without_empty_values)],
    "numbers as floats": [replace(native, "number", number_as_float)],
    "only the basic plane of Unicode": [replace(native, "encodable", only_basic_plane)],
    "times cut to seconds": [replace(TimeAttribute, "serialize", time_cut_to_seconds)],
    "texts moved to S3 a byte too early": [replace(long_texts, "OFFLOAD_BYTES", 51_199)],
    "texts moved to S3 a byte too late": [replace(long_texts, "OFFLOAD_BYTES", 51_201)],
    "texts moved to S3 above 80,000 bytes": [replace(long_texts, "OFFLOAD_BYTES", 80_000)],
    "item limit a byte too low": [replace(render, "MAX_ITEM_BYTES", 409_599)],
    "value sizes a byte short": [replace(sizes, "value_size", value_size_one_byte_short)],
    "forms without validation": [
        replace(JSONFormField, "to_python", invalid_json_as_empty_object),
        replace(forms.Field, "run_validators", lambda self, value: None),
        replace(LongText, "validate", lambda self, value: None),
        replace(models.Field, "clean", clean_without_validation),
    ],
}
