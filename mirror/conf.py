"""The mirror's part of Django's settings: the dict ``MIRROR``."""

from __future__ import annotations

from typing import Any

from django.conf import settings

DEFAULTS: dict[str, Any] = {
    "ENABLED": True,
    "DISPATCH": "inline",  # or "worker"
    "STORAGE": "mirror",  # the alias in STORAGES
    "VALIDATION_DAYS": 14,  # the length of the validation period
    "ALLOWED_MISMATCH_PERCENT": 1.0,  # what a check may find within that period
}
REQUIRED = ("TABLE", "REGION")


def setting(name: str) -> Any:
    """Return ``MIRROR[name]``, or its default."""
    return {**DEFAULTS, **settings.MIRROR}[name]
