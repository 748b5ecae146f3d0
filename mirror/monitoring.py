"""What those who watch the site are told of the mirror. Settings name these functions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from mirror.conf import setting
from mirror.counters import REGISTRY
from mirror.models import CheckRun, Heartbeat, Outage
from mirror.models.clock import database_time
from mirror.models.gauges import owed_by_model
from mirror.stores.dynamodb import DYNAMODB
from mirror.stores.s3 import S3


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


def metrics() -> Iterator[Metric]:
    """Yield what the database knows and what the web server itself mirrored, for ``/metrics``."""
    yield GaugeMetricFamily(
        "mirror_enabled", "Whether the mirror is switched on.", float(setting("ENABLED"))
    )
    yield from _owed()
    yield from _stores()
    yield from _checks()
    yield from _workers()
    yield from _counted()


def _owed() -> Iterator[Metric]:
    pending = GaugeMetricFamily("mirror_pending", "Rows on their way.", labels=["model"])
    oldest = GaugeMetricFamily(
        "mirror_oldest_pending_seconds", "How long the oldest has been waiting.", labels=["model"]
    )
    parked = GaugeMetricFamily("mirror_parked", "Rows given up.", labels=["model"])
    for model, owed in owed_by_model().items():
        pending.add_metric([model], owed.pending)
        oldest.add_metric([model], owed.longest_wait.total_seconds())
        parked.add_metric([model], owed.parked)
    yield from (pending, oldest, parked)


def _stores() -> Iterator[Metric]:
    open_ = GaugeMetricFamily(
        "mirror_breaker_open", "Whether a store is out of reach.", labels=["store"]
    )
    outage = GaugeMetricFamily(
        "mirror_outage_seconds", "How long the store has been out of reach.", labels=["store"]
    )
    since = dict(Outage.objects.open().values_list("store", "started_at"))
    now = database_time()
    for store in (DYNAMODB, S3):
        open_.add_metric([store], float(store in since))
        outage.add_metric([store], (now - since.get(store, now)).total_seconds())
    yield from (open_, outage)


def _checks() -> Iterator[Metric]:
    run = CheckRun.objects.filter(complete=True).defer("findings").first()
    if run is None:
        return
    yield GaugeMetricFamily(
        "mirror_check_parity_percent",
        "What the last complete check found in sync.",
        float(run.parity_percent),
    )
    yield GaugeMetricFamily(
        "mirror_check_differences", "What that check found to differ.", run.differences
    )
    age = database_time() - run.started_at
    yield GaugeMetricFamily(
        "mirror_check_age_seconds", "How long ago that check began.", age.total_seconds()
    )


def _workers() -> Iterator[Metric]:
    workers = Heartbeat.objects.workers()
    yield GaugeMetricFamily("mirror_workers_alive", "Worker processes.", workers.alive)
    if workers.silent_for is not None:
        yield GaugeMetricFamily(
            "mirror_worker_last_seen_seconds",
            "How long ago any worker was heard of.",
            workers.silent_for.total_seconds(),
        )


def _counted() -> Iterator[Metric]:
    """What this process did; all of them together, if they count in a common folder."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # it has no annotations
    yield from registry.collect()
