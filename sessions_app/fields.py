"""Form fields of a session."""

import json
from typing import Any

from django import forms


class JSONField(forms.JSONField):
    """A JSON field that can show again whatever was typed.

    Django's writes half of a surrogate pair as it is, and the page then is not UTF-8.
    """

    def prepare_value(self, value: Any) -> Any:
        text = super().prepare_value(value)
        try:
            str(text).encode()
        except UnicodeEncodeError:
            return json.dumps(value)
        return text
