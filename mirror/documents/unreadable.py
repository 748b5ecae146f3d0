"""Rows that cannot be read: one of them must not hide the others.

Raw SQL can write values that Python cannot hold, such as a date of infinity or before Christ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from django.db import models

from mirror.documents.document import Document
from mirror.documents.rows import rows, rows_with_keys
from mirror.errors import DATABASE_TROUBLE, UnreadableRow

T = TypeVar("T")


def by_halves(
    read: Callable[[Sequence[str]], Mapping[str, T]], ids: Sequence[str]
) -> dict[str, T | Exception]:
    """Return what ``read`` returns by id; what reading one row raises stands in its place.

    Raises ``DATABASE_TROUBLE``, which is no row's.
    """
    try:
        return dict(read(ids))
    except DATABASE_TROUBLE:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a value of one row raises, found by halving
        if len(ids) == 1:
            return {ids[0]: error}
        half = len(ids) // 2
        return by_halves(read, ids[:half]) | by_halves(read, ids[half:])


def read_rows(document: type[Document], ids: Sequence[str]) -> dict[str, models.Model | Exception]:
    """Return the rows with these primary keys that exist; of an unreadable one, the error."""
    return by_halves(lambda some: {str(row.pk): row for row in rows(document, some)}, ids)


def unreadable(document: type[Document], object_id: str, error: Exception) -> UnreadableRow:
    """Return why this row cannot be read, with the field at fault: each is read by itself."""
    model = document.mirror_options.model
    row = rows_with_keys(model, [object_id])
    for f in model._meta.concrete_fields:
        try:
            row.values_list(f.attname).first()
        except DATABASE_TROUBLE:
            raise
        except Exception:  # noqa: BLE001 - whatever this value raises
            return UnreadableRow(type(error).__name__, f.attname)
    return UnreadableRow(type(error).__name__)
