"""JSON fields for forms and models.

They keep every digit of a number, and turn every invalid input into a validation error.
"""

import json
from typing import Any

from django import forms
from django.db import models

from mirror.exact_json import ExactDecoder, ExactEncoder


class JSONDecoder(ExactDecoder):
    """Raises ``JSONDecodeError``, which Django expects, for everything that it cannot read.

    Python raises another error for very deep nesting.
    """

    def decode(self, s: str) -> Any:  # type: ignore[override] # Django passes no second argument
        try:
            return super().decode(s)
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError):
            raise json.JSONDecodeError("too deep", "", 0) from None


class JSONFormField(forms.JSONField):
    """A form field that answers any input with a validation error, and can show it again.

    Django's own field writes a lone surrogate as it is, and the page could not be encoded as UTF-8.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "decoder": JSONDecoder})

    def prepare_value(self, value: Any) -> Any:
        text = super().prepare_value(value)
        try:
            str(text).encode()
        except UnicodeEncodeError:
            return json.dumps(value, cls=self.encoder)
        return text


class JSONModelField(models.JSONField):
    """A model field that keeps what other programs wrote, to the last digit, when a row is saved.

    It validates an empty list or string, too: Django takes them for no value.
    """

    empty_values = [None]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"encoder": ExactEncoder, "decoder": ExactDecoder, **options})

    def deconstruct(self) -> Any:
        """Appear as Django's field in migrations: it is the same column."""
        name, _, args, options = super().deconstruct()
        del options["encoder"], options["decoder"]
        return name, "django.db.models.JSONField", args, options

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": JSONFormField, **options})
