"""What the forms of all pages share."""

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.text import normalize_newlines

from config.web.validators import validate_text


def posted(request: HttpRequest) -> QueryDict | None:
    """Return the data of a submitted form, even if it is empty; ``None`` if nothing was sent."""
    return request.POST if request.method == "POST" else None


class LongText(forms.CharField):
    """A text of many lines, kept as typed. Only the CRLF that HTML forms send becomes LF."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"strip": False, "required": False, **options})

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        return text and normalize_newlines(text)

    def validate(self, value: Any) -> None:
        super().validate(value)
        validate_text(value)
