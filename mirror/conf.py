"""The mirror's part of Django's settings: the dict ``MIRROR``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

DEFAULTS: dict[str, Any] = {
    "ENABLED": True,
    "DISPATCH": "inline",  # or "worker"
    "STORAGE": "mirror",  # the alias in STORAGES
    "SCHEMA": "public",  # where the ledger is: the triggers name it
    "MAX_PENDING_MINUTES": 60,  # a row that is pending for longer fails a check
    "VALIDATION_DAYS": 14,  # the length of the validation period
    "ALLOWED_MISMATCH_PERCENT": 1.0,  # what a check may find within that period
}
REQUIRED = ("TABLE", "REGION")

# The ledger and the rows are read where they are written: a replica may lag behind.
PRIMARY = DEFAULT_DB_ALIAS


def setting(name: str) -> Any:
    """Return ``MIRROR[name]``, or its default."""
    return {**DEFAULTS, **getattr(settings, "MIRROR", {})}[name]
