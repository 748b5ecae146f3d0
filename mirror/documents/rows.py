"""The rows of a document's model, the fields of a row, and the folders of a document in S3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connections, models
from django.db.models import F, Func, IntegerField
from django.db.models.functions import Cast, Coalesce
from django.db.models.query import ModelIterable

from mirror import exact_json
from mirror.conf import PRIMARY
from mirror.documents.document import Document, field_attributes
from mirror.spool import Spool

ID, SIZE = "mirror-id", "mirror-size"  # no fields can have such names


def all_rows(model: type[models.Model]) -> models.QuerySet[Any]:
    """Return every row of ``model``, from the primary database."""
    return model._base_manager.using(PRIMARY)


def rows_with_ids(model: type[models.Model]) -> models.QuerySet[Any]:
    """Return every row of ``model``, annotated with its primary key as text: ``ID``."""
    found: models.QuerySet[Any] = all_rows(model).annotate(**{ID: Cast("pk", models.TextField())})
    return found


def rows_with_keys(model: type[models.Model], ids: Iterable[str]) -> models.QuerySet[Any]:
    """Return the rows with these primary keys; a text that cannot be one matches nothing."""
    values = []
    for text in ids:
        with suppress(ValidationError):
            values.append(model._meta.pk.to_python(text))
    return all_rows(model).filter(pk__in=values)


def rows(document: type[Document], ids: Iterable[str]) -> models.QuerySet[Any]:
    """Return the rows with these primary keys; a text that cannot be one matches nothing.

    Their JSON is as PostgreSQL holds it, with every digit, whatever decoder the field has.
    """
    model = document.mirror_options.model
    names = [f.attname for f in json_fields(model)]
    texts = {_text_alias(name): Cast(name, models.TextField()) for name in names}
    found: models.QuerySet[Any] = rows_with_keys(model, ids).defer(*names).annotate(**texts)
    found._iterable_class = ExactRows  # noqa: SLF001 - Django has no public way to make instances
    return found


def sizes(document: type[Document], ids: Iterable[str]) -> dict[str, int]:
    """Return the bytes that the rows with these ids take, which PostgreSQL knows unread."""
    return _sums(document, ids, lambda name: _int("pg_column_size", F(name)))


def text_sizes(document: type[Document], ids: Iterable[str]) -> dict[str, int]:
    """Return the bytes of the rows with these ids as text, for which PostgreSQL unpacks JSON."""
    text = models.TextField()
    return _sums(document, ids, lambda name: _int("octet_length", Cast(name, text)))


def _int(function: str, of: F | Cast) -> Func:
    return Func(of, function=function, output_field=IntegerField())


def _sums(
    document: type[Document], ids: Iterable[str], measure: Callable[[str], Func]
) -> dict[str, int]:
    model = document.mirror_options.model
    columns = [Coalesce(measure(f.attname), 0) for f in model._meta.concrete_fields]
    # One expression: Django resolves each half of a sum twice, so a long sum would take for ever.
    total = Func(
        *columns, template="(%(expressions)s)", arg_joiner=" + ", output_field=IntegerField()
    )
    found = rows(document, ids).annotate(**{SIZE: total})
    return {str(pk): size for pk, size in found.values_list("pk", SIZE)}


class ExactRows(ModelIterable):  # type: ignore[type-arg] # generic only in its stubs
    """Rows whose JSON is decoded here: Django's own decoder makes floats of all fractions."""

    def __iter__(self) -> Iterator[models.Model]:
        names = [f.attname for f in json_fields(self.queryset.model)]
        for row in super().__iter__():
            for name in names:
                text = row.__dict__.pop(_text_alias(name))
                row.__dict__[name] = None if text is None else exact_json.load(text)
            yield row


def json_fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Return the fields that hold JSON, but for those that read their column in another way."""
    kinds = {f: type(getattr(f, "output_field", f)) for f in model._meta.concrete_fields}
    own = models.JSONField.from_db_value
    return [f for f, kind in kinds.items() if getattr(kind, "from_db_value", None) is own]


def _text_alias(name: str) -> str:
    return f"exact-{name}"  # no field can have such a name


def stream(values: models.QuerySet[Any, Any]) -> Iterator[Any]:
    """Yield the values of one column, however many there are.

    One statement reads them all at once into a temporary file. A server-side cursor would need a
    session, which a pooler such as pgbouncer does not keep, or a transaction as long as the work.
    """
    spool = Spool()
    try:
        sql, params = values.query.sql_with_params()
    except EmptyResultSet:  # as ``pk__in=[]``
        return
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


def forgotten_fields(document: type[Document]) -> list[models.Field[Any, Any]]:
    """Return the fields without an attribute of which ``register`` does not say so."""
    options = document.mirror_options
    known = field_attributes(document).keys() | {*options.without_attribute}
    return [f for f in fields(options.model) if f.attname not in known]
