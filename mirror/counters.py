"""What this process has done, counted for Prometheus. ``monitoring`` has what the database knows.

A worker serves it by itself, and the web server at ``/metrics``: nobody else knows how long its
calls took.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

try:
    from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
except ImportError:  # without the extra ``metrics`` nothing is counted
    ATTEMPTS = STORE_CALLS = None
else:
    REGISTRY = CollectorRegistry()
    ATTEMPTS = Counter(
        "mirror_attempts_total",
        "Attempts to mirror a row, by how they ended.",
        ["model", "outcome"],
        registry=REGISTRY,
    )
    STORE_CALLS = Histogram(
        "mirror_store_call_seconds",
        "Calls to the stores that write or remove, by how long they took and how they ended.",
        ["store", "model", "result"],
        buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        registry=REGISTRY,
    )


class Address(NamedTuple):
    """Where a worker serves its counters."""

    host: str
    port: int


class CannotServe(Exception):
    """The counters cannot be served at this address."""


def count_attempt(model: str, outcome: str) -> None:
    """Note how an attempt to mirror a row of ``model`` ended."""
    if ATTEMPTS:
        ATTEMPTS.labels(model, outcome).inc()


@contextmanager
def timed_call(store: str, model: str) -> Iterator[None]:
    """Note how long the block, a call to ``store``, took, and whether it raised anything."""
    begun, result = time.monotonic(), "failed"
    try:
        yield
        result = "ok"
    finally:
        if STORE_CALLS:
            STORE_CALLS.labels(store, model, result).observe(time.monotonic() - begun)


def serve(address: Address, number: int = 0) -> None:
    """Serve the counters of this process, the ``number``-th of several, on a port of its own."""
    if ATTEMPTS is None:
        raise CannotServe(
            'Metrics need prometheus-client: pip install "django-dynamodb-mirror[metrics]".'
        )
    host, port = address.host, address.port + number
    try:
        start_http_server(port, host, REGISTRY)
    except (OSError, OverflowError):
        raise CannotServe(f"Metrics cannot be served at {host}:{port}.") from None
