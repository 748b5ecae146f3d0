"""What the forms of all pages share."""

import uuid
from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import Model
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


class CreateOnce:
    """Mix in before a model form that creates an owner's row: sent twice, it creates one.

    The form brings the row's id. If the owner has a row with this id and the same content, that is
    the row. Whoever goes back and changes what was typed gets a second row, so nothing is lost.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form: Any = self
        form.fields["new_id"] = forms.CharField(
            required=False,
            initial=uuid.uuid4,
            widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
        )

    def save(self) -> Any:
        """Insert the row, and return it or the one that this form has created before."""
        form: Any = self
        row = form.instance
        row.pk = parse_uuid(form.cleaned_data["new_id"]) or row.pk
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            return _save_unless_same(row)
        return row


def _save_unless_same(row: Any) -> Any:
    """Insert a row whose id is taken under another id, unless the owner's row has its content."""
    rows = type(row)._default_manager
    first = rows.filter(pk=row.pk, owner=row.owner).first()
    with transaction.atomic():
        row.pk = uuid.uuid4()
        row.save(force_insert=True)
        # Compared as they are stored: a form may hold a value in another form than the database.
        if first is not None and _content(first) == _content(rows.get(pk=row.pk)):
            transaction.set_rollback(True)
            return first
    return row


def parse_uuid(text: str) -> uuid.UUID | None:
    """Read an id; ``None`` if the text is not one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _content(row: Model) -> dict[str, Any]:
    """Return what people put into a row: all but its id and the times that Django sets."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
        and not getattr(field, "auto_now", False)
        and not getattr(field, "auto_now_add", False)
    }
