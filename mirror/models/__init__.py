"""The mirror's own tables."""

from mirror.models.history import CheckRun
from mirror.models.ledger import (
    FRESH_START,
    IN_USE,
    IN_USE_AGAIN,
    LANDED,
    LEASE,
    OWED,
    UPLOAD_MAY_LAND,
    Backlog,
    ItemKey,
    LedgerEntry,
    LedgerQuerySet,
)
from mirror.models.outages import PROBE_INTERVAL, Outage

__all__ = [
    "FRESH_START",
    "IN_USE",
    "IN_USE_AGAIN",
    "LANDED",
    "LEASE",
    "OWED",
    "PROBE_INTERVAL",
    "UPLOAD_MAY_LAND",
    "Backlog",
    "CheckRun",
    "ItemKey",
    "LedgerEntry",
    "LedgerQuerySet",
    "Outage",
]
