"""Rows that are made up to try ``keys`` with: they have nothing but their primary key."""

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


def can_move(document: type[Document]) -> bool:
    """Whether a row can get other keys, since they depend on more than its primary key.

    ``keys`` is tried with a row of which Django would have to load anything else. If it wants more,
    or fails, a row can.
    """
    model = document.mirror_options.model
    asked = False

    def refuse(*_: Any, **__: Any) -> Any:
        nonlocal asked
        asked = True
        raise LookupError("a made-up row is in no database")

    try:
        with ExitStack() as refusing:
            for connection in connections.all():
                refusing.enter_context(connection.execute_wrapper(refuse))
            row = model.from_db(PRIMARY, [model._meta.pk.attname], [sample_key(model._meta.pk)])
            vars(row)["refresh_from_db"] = refuse  # Django calls it for a field without a value
            document.keys(row)
    except Exception:  # noqa: BLE001 - whatever the adopter's code raises for want of a value
        return True
    return asked
