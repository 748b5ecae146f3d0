"""Virtual time: one clock for Python and PostgreSQL that moves only when the schedule says so."""

from __future__ import annotations

import random
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from django.utils import timezone

# Later than any real clock: PostgreSQL's own now(), which the triggers use, is always in the past.
START = datetime(2100, 1, 1, tzinfo=UTC)
SCHEMA = "exploration"
FUNCTIONS = ("now", "clock_timestamp", "statement_timestamp", "transaction_timestamp")
CREATE = f"""
DROP SCHEMA IF EXISTS {SCHEMA} CASCADE;
CREATE SCHEMA {SCHEMA};
CREATE TABLE {SCHEMA}.clock AS SELECT '{START.isoformat()}'::timestamptz AS present;
""" + "".join(
    f"""
CREATE FUNCTION {SCHEMA}.{name}() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT present FROM {SCHEMA}.clock';
"""
    for name in FUNCTIONS
)
# Its functions come before PostgreSQL's own.
USE = f"SET search_path = {SCHEMA}, pg_catalog, public; SET synchronous_commit = off"


class Clock:
    """The time of one run. Stands for the modules ``time`` and ``random`` in the mirror."""

    def __init__(self) -> None:
        self.passed = 0.0  # seconds since the run began
        self.on_sleep: Callable[[float], None] = lambda seconds: None

    def now(self) -> datetime:
        """The time of day."""
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        """Seconds; as ``time.monotonic``."""
        return self.passed

    def time(self) -> float:
        """The real time: files, whose age a check asks for, are outside the run."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let others go first; takes no time."""
        if seconds:
            self.on_sleep(seconds)

    def random(self) -> float:
        """No jitter: every run of a schedule is the same."""
        return 0.0


@contextmanager
def virtual_time(clock: Clock, new_id: Callable[[], uuid.UUID]) -> Iterator[None]:
    """Let everything in ``mirror`` read this clock, and take its ids from ``new_id``."""
    stand_ins: list[tuple[Any, Any]] = [(time, clock), (random, clock), (uuid.uuid4, new_id)]
    patches = [mock.patch.object(timezone, "now", clock.now)]
    for name, module in list(sys.modules.items()):
        if name.startswith("mirror."):
            patches += [
                mock.patch.object(module, attribute, stand_in)
                for attribute, value in list(vars(module).items())
                for real, stand_in in stand_ins
                if value is real
            ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in reversed(patches):
            patch.stop()
