"""The mirror's part of Django's settings: the dict ``MIRROR``."""

from __future__ import annotations

from typing import Any

from django.conf import settings

DEFAULTS: dict[str, Any] = {
    "ENABLED": True,
    "DISPATCH": "inline",  # or "worker"
    "STORAGE": "mirror",  # the alias in STORAGES
    "VALIDATION_DAYS": 14,  # a verdict needs a check on each of so many days
    "ALLOWED_MISMATCH_PERCENT": 1.0,  # and on none more that differs
}
REQUIRED = ("TABLE", "REGION")


def setting(name: str) -> Any:
    """Return ``MIRROR[name]``, or its default."""
    return {**DEFAULTS, **settings.MIRROR}[name]
