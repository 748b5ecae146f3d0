"""JSON fields for forms and models that turn every invalid input into a validation error."""

import json
from typing import Any

from django import forms
from django.db import models


class JSONDecoder(json.JSONDecoder):
    """Raises ``JSONDecodeError``, which Django expects, for everything that it cannot read.

    Python raises other errors for a number of more than 4,300 digits and for very deep nesting.
    """

    def decode(self, s: str) -> Any:  # type: ignore[override] # Django passes no second argument
        try:
            return super().decode(s)
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError):
            raise json.JSONDecodeError("too long or too deep", "", 0) from None


class JSONFormField(forms.JSONField):
    """A form field that answers any input with a validation error, and can show it again.

    Django's own field writes a lone surrogate as it is, and the page could not be encoded as UTF-8.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "decoder": options.get("decoder") or JSONDecoder})

    def prepare_value(self, value: Any) -> Any:
        text = super().prepare_value(value)
        try:
            str(text).encode()
        except UnicodeEncodeError:
            return json.dumps(value)
        return text


class JSONModelField(models.JSONField):
    """A model field that validates an empty list or string, too: Django takes them for no value."""

    empty_values = [None]

    def deconstruct(self) -> Any:
        """Appear as Django's field in migrations: it is the same column."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": JSONFormField, **options})
