"""The mirror's part of Django's settings: the dict ``MIRROR``."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

DEFAULTS: dict[str, Any] = {
    "ENABLED": True,
    "DISPATCH": "inline",  # or "worker"
    "REGION": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", ""),
    "BUCKET": "",  # instead of an entry in STORAGES; neither if no document keeps objects
    "BUCKET_OWNER": "",  # the number of an AWS account: S3 refuses a bucket of any other
    "STORAGE": "mirror",  # the alias in STORAGES
    "SCHEMA": "public",  # where the ledger is: the triggers name it
    "MAX_PENDING_MINUTES": 60,  # a row that is pending for longer fails a check
    "VALIDATION_DAYS": 14,  # the length of the validation period
    "ALLOWED_MISMATCH_PERCENT": 1.0,  # what a check may find within that period
}
REQUIRED = ("TABLE",)
BACKEND = "mirror.stores.s3.ObjectStorage"

# The ledger and the rows are read where they are written: a replica may lag behind.
PRIMARY = DEFAULT_DB_ALIAS


def setting(name: str) -> Any:
    """Return ``MIRROR[name]``, or its default."""
    return {**DEFAULTS, **getattr(settings, "MIRROR", {})}[name]


def has_bucket() -> bool:
    """Whether the settings name a bucket. S3 is not asked for anything without one."""
    return bool(setting("BUCKET") or settings.STORAGES.get(setting("STORAGE")))


def storage() -> dict[str, Any]:
    """Return the storage for objects as ``STORAGES`` has it, or else the one of ``BUCKET``."""
    entry: dict[str, Any] = settings.STORAGES.get(setting("STORAGE")) or {
        "BACKEND": BACKEND,
        "OPTIONS": {
            "bucket_name": setting("BUCKET"),
            "bucket_owner": setting("BUCKET_OWNER"),
            "region_name": setting("REGION"),
            "location": "",  # whatever AWS_LOCATION says to other storages
        },
    }
    return entry
