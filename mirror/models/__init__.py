"""The mirror's own tables: ledger, outages, alerts, workers, new stores, history of checks.

May import ``documents`` and the modules beside the packages; everything above may import it.
"""

from mirror.models.alerts import Alert
from mirror.models.check_runs import CheckRun
from mirror.models.heartbeats import Heartbeat, Pulse, Workers
from mirror.models.ledger import Backlog, LedgerEntry, LedgerQuerySet, State
from mirror.models.marks import Mark
from mirror.models.outages import PROBE_INTERVAL, Outage
from mirror.models.shared_checks import CheckNote, SharedCheck, ShareLost
from mirror.models.store_fills import StoreFill

__all__ = [
    "PROBE_INTERVAL",
    "Alert",
    "Backlog",
    "CheckNote",
    "CheckRun",
    "Heartbeat",
    "LedgerEntry",
    "LedgerQuerySet",
    "Mark",
    "Outage",
    "Pulse",
    "ShareLost",
    "SharedCheck",
    "State",
    "StoreFill",
    "Workers",
]
