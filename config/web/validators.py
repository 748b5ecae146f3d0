"""What every text field of the site takes."""

import re

from django.core.exceptions import ValidationError

SURROGATES = re.compile("[\ud800-\udfff]")


def validate_text(value: str) -> None:
    """Refuse characters that are no text: NUL and halves of a surrogate pair."""
    if "\x00" in value:
        raise ValidationError("Null characters are not allowed.")
    if not value.isascii() and SURROGATES.search(value):
        raise ValidationError("Half of a surrogate pair is no character and cannot be kept.")
