"""The mirror's own tables: ledger, outages, alerts, workers, new stores, counts, checks, restores.

May import ``documents`` and the modules beside the packages; everything above may import it.
"""

from mirror.models.alerts import Alert
from mirror.models.changes import Change, ChangeCount, Changes
from mirror.models.check_requests import CheckRequest
from mirror.models.check_runs import MOST_PENDING, CheckRun, is_conclusive
from mirror.models.heartbeats import Heartbeat, Pulse, Workers
from mirror.models.ledger import Backlog, LedgerEntry, LedgerQuerySet, State
from mirror.models.marks import Mark
from mirror.models.outages import PROBE_INTERVAL, Outage
from mirror.models.restore_runs import RestoreRun
from mirror.models.shared_checks import CheckNote, SharedCheck, ShareLost
from mirror.models.store_fills import StoreFill

__all__ = [
    "MOST_PENDING",
    "PROBE_INTERVAL",
    "Alert",
    "Backlog",
    "Change",
    "ChangeCount",
    "Changes",
    "CheckNote",
    "CheckRequest",
    "CheckRun",
    "Heartbeat",
    "LedgerEntry",
    "LedgerQuerySet",
    "Mark",
    "Outage",
    "Pulse",
    "RestoreRun",
    "ShareLost",
    "SharedCheck",
    "State",
    "StoreFill",
    "Workers",
    "is_conclusive",
]
