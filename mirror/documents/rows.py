"""The rows of a document's model, the fields of a row, and the folders of a document in S3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import connections, models

from mirror.conf import PRIMARY
from mirror.documents.document import Document
from mirror.spool import Spool


def all_rows(model: type[models.Model]) -> models.QuerySet[Any]:
    """Return every row of ``model``, from the primary database."""
    return model._base_manager.using(PRIMARY)


def rows(document: type[Document], ids: Iterable[str]) -> models.QuerySet[Any]:
    """Return the rows with these primary keys; a text that cannot be one matches nothing."""
    model = document.mirror_options.model
    field = model._meta.pk
    values = []
    for text in ids:
        try:
            values.append(field.to_python(text))
        except ValidationError:
            continue
    return all_rows(model).filter(pk__in=values)


def stream(values: models.QuerySet[Any, Any]) -> Iterator[Any]:
    """Yield the values of one column, however many there are.

    One statement reads them all at once into a temporary file. A server-side cursor would need a
    session, which a pooler such as pgbouncer does not keep, or a transaction as long as the work.
    """
    spool = Spool()
    sql, params = values.query.sql_with_params()
    connection = connections[values.db]
    with connection.cursor() as cursor, connection.wrap_database_errors:
        for (value,) in cursor.cursor.stream(sql, params):
            spool.add(value)
    yield from spool


def folders(document: type[Document]) -> tuple[str, ...]:
    """Return the top folders in S3 that hold objects of this document."""
    options = document.mirror_options
    return (*options.body_folders, *((options.texts_folder,) if options.long_texts else ()))


def fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Return the fields of ``model`` that an insert takes."""
    return [f for f in model._meta.concrete_fields if not f.generated]


def to_field(model: type[models.Model], name: str, value: Any) -> Any:
    """Return ``value`` as the field ``name`` holds it."""
    return cast("models.Field[Any, Any]", model._meta.get_field(name)).to_python(value)


def blank(f: models.Field[Any, Any]) -> Any:
    """Return the value of a field that is left out of the item: null, or an empty text."""
    if f.null:
        return None
    return "" if f.empty_strings_allowed else f.get_default()
