"""JSON fields for forms and models.

They keep every digit of a number, and turn every invalid input into a validation error.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models.functions import Cast
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.json import Jsonb

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


@dataclass(frozen=True, slots=True)
class JSONText:
    """JSON that was read and checked, in UTF-8. A ``JSONModelField`` stores it as it is.

    Decoded, a long transcript would take five times the memory. A row that is loaded again has
    Python objects as usual.
    """

    utf8: bytes


def stored_text(row: models.Model, field_name: str) -> bytes | None:
    """Return the JSON in a field of a stored row, in UTF-8 and not decoded.

    As a ``str`` a text with one emoji would take four bytes for every character.
    """
    as_text = Cast(field_name, models.TextField())
    rows = type(row)._base_manager.filter(pk=row.pk).values_list(as_text)
    query, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.adapters.register_loader("text", _BytesLoader)
        cursor.execute(query, parameters)
        found: tuple[bytes | None] | None = cursor.fetchone()
    return found[0] if found else None


@contextmanager
def bound_by_server() -> Iterator[None]:
    """Send the values of statements beside them, and not as a part of their text.

    A long value in the text of a statement is in memory five times while it is sent.
    """
    connection.ensure_connection()
    factory = connection.connection.cursor_factory
    connection.connection.cursor_factory = ServerBindingCursor
    try:
        yield
    finally:
        if connection.connection is not None:
            connection.connection.cursor_factory = factory


class _BytesLoader(Loader):
    def load(self, data: Buffer) -> bytes:
        return bytes(data)


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

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002 - Django's own
    ) -> Any:
        """Hand JSON that is already written to the database as it is."""
        if isinstance(value, JSONText):
            return Jsonb(value.utf8, dumps=bytes)
        return super().get_db_prep_value(value, connection, prepared)

    def validate(self, value: Any, model_instance: Any) -> None:
        """Refuse what cannot be written as JSON."""
        if not isinstance(value, JSONText):
            super().validate(value, model_instance)

    def deconstruct(self) -> Any:
        """Appear as Django's field in migrations: it is the same column."""
        name, _, args, options = super().deconstruct()
        del options["encoder"], options["decoder"]
        return name, "django.db.models.JSONField", args, options

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": JSONFormField, **options})
