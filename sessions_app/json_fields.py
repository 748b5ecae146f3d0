"""The JSON fields of a session, in forms and in the database."""

import json
from typing import Any

from django import forms
from django.db import models


class Decoder(json.JSONDecoder):
    """Calls everything that it cannot read a JSON error, as Django expects.

    Python raises others for a number of more than 4,300 digits and for very deep nesting.
    """

    def decode(self, s: str) -> Any:  # type: ignore[override] # no second argument is used
        try:
            return super().decode(s)
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError):
            raise json.JSONDecodeError("too long or too deep", "", 0) from None


class JSONField(forms.JSONField):
    """A JSON field that answers whatever was typed with an error, and can show it again.

    Django's writes half of a surrogate pair as it is, and the page then is not UTF-8.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "decoder": options.get("decoder") or Decoder})

    def prepare_value(self, value: Any) -> Any:
        text = super().prepare_value(value)
        try:
            str(text).encode()
        except UnicodeEncodeError:
            return json.dumps(value)
        return text


class JSONColumn(models.JSONField):
    """Checks an empty list and an empty text, too, where Django sees nothing and checks nothing."""

    empty_values = [None]

    def deconstruct(self) -> Any:
        """Be Django's field to migrations: it is the same column."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": JSONField, **options})
