"""Rows that are made up to try ``keys`` with: only their primary key is a real value."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from uuid import UUID

from django.db import connections, models

from mirror.conf import PRIMARY
from mirror.documents.document import Document
from mirror.documents.field_values import stored


def sample_key(key: models.Field[Any, Any]) -> Any:
    """Return a primary key that no default is equal to; a text that keys cannot have as it is."""
    match stored(key):
        case models.UUIDField():
            return UUID("5eed5eed-5eed-4eed-8eed-5eed5eed5eed")
        case models.IntegerField():
            return 24301
    return "Seed #1"


class _Unknown(str):
    """A value, or anything got from it, that a text can hold, but that nothing can depend on."""

    __slots__ = ()

    def _refuse(self, *_: Any) -> Any:
        raise LookupError("what this value is decides what the keys are")

    __contains__ = __eq__ = __ge__ = __gt__ = __le__ = __lt__ = __ne__ = _refuse
    __getitem__ = __hash__ = __iter__ = __len__ = _refuse

    def __getattribute__(self, name: str) -> Any:
        return super().__getattribute__(name) if name.startswith("__") else self

    def __call__(self, *_: Any, **__: Any) -> _Unknown:
        return self

    def __format__(self, _: str) -> str:
        return str(self)


def can_move(document: type[Document]) -> bool:
    """Whether a row can get another ``pk`` or ``sk``, as they depend on more than its primary key.

    ``keys`` is tried with two made-up rows of one primary key, between which all other values
    differ. If it fails, decides anything by such a value, or asks a database, a row can.
    """
    asked = False

    def refuse(*_: Any) -> Any:
        nonlocal asked
        asked = True
        raise LookupError("a made-up row is in no database")

    try:
        with ExitStack() as refusing:
            for connection in connections.all():
                refusing.enter_context(connection.execute_wrapper(refuse))
            one = document.keys(_row(document, _Unknown("one"), null=False))
            other = document.keys(_row(document, _Unknown("other"), null=True))
        return asked or any(one[name] != other[name] for name in ("pk", "sk"))
    except Exception:  # noqa: BLE001 - whatever the adopter's code raises for want of a value
        return True


def _row(document: type[Document], value: _Unknown, *, null: bool) -> models.Model:
    """Return a row with ``value`` in all fields, or null in those that take it."""
    model = document.mirror_options.model
    row = model.from_db(PRIMARY, [model._meta.pk.attname], [sample_key(model._meta.pk)])
    others = [f for f in model._meta.concrete_fields if not f.primary_key]
    # Not by setattr, which compares.
    vars(row).update({f.attname: None if null and f.null else value for f in others})
    return row
