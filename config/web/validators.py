"""Validation that all text fields of the site share."""

import re

from django.core.exceptions import ValidationError

SURROGATES = re.compile("[\ud800-\udfff]")


def validate_text(value: str) -> None:
    """Refuse characters that PostgreSQL cannot store: NUL and halves of a surrogate pair."""
    if "\x00" in value:
        raise ValidationError("Null characters are not allowed.")
    if not value.isascii() and SURROGATES.search(value):
        raise ValidationError("Half of a surrogate pair is not a character and cannot be stored.")
