"""The mirror's own tables."""

from mirror.documents.items import ItemKey
from mirror.models.check_runs import CheckRun
from mirror.models.ledger import (
    FRESH_START,
    IN_USE,
    IN_USE_AGAIN,
    LANDED,
    LEASE,
    OWED,
    UPLOAD_MAY_LAND,
    Backlog,
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
