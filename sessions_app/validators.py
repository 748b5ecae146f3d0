"""Validators for the JSON fields of a session, so that PostgreSQL never has to refuse a value."""

import math
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from config.web.validators import validate_text

MAX_DEPTH = 500  # PostgreSQL fails at a few thousand levels, Python's parser at a thousand
# What PostgreSQL's numeric can hold.
MAX_DIGITS = 131_072  # before the decimal point
MAX_DECIMAL_PLACES = 16_383
MAX_EXPONENT = 400  # PostgreSQL writes it out: a few letters would become megabytes


def validate_storable(value: Any, depth: int = 0) -> None:
    """Refuse what ``jsonb`` cannot store: NUL, lone surrogates, deep nesting, NaN, long numbers."""
    if depth > MAX_DEPTH:
        raise ValidationError("This is nested too deeply.")
    if isinstance(value, str):
        validate_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValidationError("Numbers must be finite: NaN and infinity cannot be stored.")
    elif isinstance(value, Decimal) and not is_numeric(value):
        raise ValidationError("This number is too large, too small or too long.")
    elif isinstance(value, dict):
        for key, item in value.items():
            validate_storable(key)
            validate_storable(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            validate_storable(item, depth + 1)


def is_numeric(value: Decimal) -> bool:
    """Whether PostgreSQL can hold this number, and write it out again."""
    exponent = int(value.as_tuple().exponent)
    return (
        -MAX_DECIMAL_PLACES <= exponent <= MAX_EXPONENT
        and -MAX_EXPONENT <= value.adjusted() < MAX_DIGITS
    )


def validate_object(value: Any) -> None:
    """Refuse anything but a JSON object."""
    if not isinstance(value, dict):
        raise ValidationError('Enter a JSON object, such as {"key": "value"}.')
