"""What those who watch the site are told of the mirror. Settings name these functions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mirror.conf import setting
from mirror.models import Heartbeat
from mirror.models.gauges import owed_by_model


def state() -> dict[str, Any]:
    """Return the state of the mirror in figures, for ``/readyz``."""
    if not setting("ENABLED"):
        return {"enabled": False}
    owed = owed_by_model().values()
    oldest = max((model.longest_wait for model in owed), default=timedelta())
    return {
        "enabled": True,
        "pending": sum(model.pending for model in owed),
        "parked": sum(model.parked for model in owed),
        "oldest_pending_seconds": round(oldest.total_seconds()),
        "workers_alive": Heartbeat.objects.workers().alive,
    }
