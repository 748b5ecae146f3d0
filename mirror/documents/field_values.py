"""The values of fields: as an item gives them back, and what stands for those that it lacks."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField, HStoreField, RangeField
from django.core.exceptions import ValidationError
from django.db import models
from psycopg.types.range import Range

from mirror import exact_json

# What Django takes from these fields as it is, and psycopg then refuses if it is anything else.
TYPES: dict[type[Any], tuple[type[Any], ...]] = {
    ArrayField: (list,),
    HStoreField: (dict,),
    RangeField: (Range,),
    models.BinaryField: (bytes, bytearray, memoryview),
}


def to_field(model: type[models.Model], name: str, value: Any) -> Any:
    """Return ``value``, as an attribute or ``unpack`` has read it, as the field ``name`` holds it.

    Raises what reading a value that somebody tampered with can raise.
    """
    return _held(model._meta.get_field(name), value)


def _held(field: Any, value: Any) -> Any:
    match field, value:
        case models.GeneratedField(), _:
            return _held(field.output_field, value)
        case ArrayField(), list():
            return [_held(field.base_field, member) for member in value]
        case RangeField(), dict():
            ends = {end: _held(field.base_field, value.get(end)) for end in ("lower", "upper")}
            return field.range_type(**value | ends)
        case models.DurationField(), int() | float() | Decimal():
            return timedelta(microseconds=int(exact_json.as_decimal(value) * 10**6))
        case models.DecimalField(), float():  # Django would write all its binary digits
            value = exact_json.as_decimal(value)
    held = field.to_python(value)
    types = next((types for kind, types in TYPES.items() if isinstance(field, kind)), ())
    if types and held is not None and not isinstance(held, types):
        raise ValidationError("no value of this field")
    return held


def blank(f: models.Field[Any, Any], *, mirrored: bool) -> Any:
    """Return the value of a field that an item lacks: null, JSON's null, or an empty text.

    A field that is not ``mirrored`` has its default.
    """
    if f.null or (mirrored and isinstance(f, models.JSONField)):
        return None
    return "" if _is_text(f) else f.get_default()


def may_be_blank(f: models.Field[Any, Any]) -> bool:
    """Whether a mirrored field has a value that items leave out: null, or an empty text."""
    return f.null or isinstance(f, models.JSONField) or _is_text(f)


def _is_text(f: models.Field[Any, Any]) -> bool:
    return f.empty_strings_allowed and not isinstance(f, models.BinaryField)


def default(f: models.Field[Any, Any], row: models.Model) -> Any:
    """Return what the field of a new ``row`` has if nobody sets it; None if there is no default."""
    return f.pre_save(row, add=True) if _is_now(f) else f.get_default()


def default_in_words(f: models.Field[Any, Any]) -> str:
    """Say what the field of a new row has if nobody sets it."""
    if _is_now(f):
        return "the time of the restore"
    if f.has_default() or f.has_db_default():
        return "its default"
    if isinstance(f, models.OrderWrt):
        return "the next number"
    if f.null or isinstance(f, models.JSONField):
        return "null"
    return "empty" if has_default(f) else "no value, so no row comes back"


def has_default(f: models.Field[Any, Any]) -> bool:
    """Whether a new row can be inserted if nobody sets the field."""
    by_itself = isinstance(f, models.JSONField | models.OrderWrt)  # JSON's null, the next number
    given = f.null or f.empty_strings_allowed or f.has_default() or f.has_db_default()
    return given or by_itself or _is_now(f)


def _is_now(f: models.Field[Any, Any]) -> bool:
    return getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False)


def stored(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """Return the field that says how values are stored: for a relation, the one it refers to."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return field.output_field or field if isinstance(field, models.GeneratedField) else field
