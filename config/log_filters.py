"""What is left out of the log because it helps nobody."""

from __future__ import annotations

import logging
import threading
import time

from django.db import InterfaceError, OperationalError

logger = logging.getLogger("config.outage")

INTERVAL = 60.0  # seconds between two lines about an outage
# The beginnings of PostgreSQL's codes that mean that nobody can use it: no connection, no
# resources, shutting down. Without a code there was no answer at all.
OUTAGE_CODES = ("08", "53", "57P")


class Quiet(logging.Filter):
    """Makes one line a minute of requests that fail because PostgreSQL is away.

    Leaves out warnings about HEAD requests, which only scanners and monitors send, and that
    ``/readyz`` is not ready: whoever asks is told.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._failed = 0
        self._next = 0.0  # by the monotonic clock

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if getattr(request, "path", "") == "/readyz":
            return False
        if getattr(request, "method", "") == "HEAD" and record.levelno == logging.WARNING:
            return False
        error = record.exc_info[1] if record.exc_info else None
        if request is None or not is_outage(error):
            return True
        self._count(error)
        return False

    def _count(self, error: BaseException | None) -> None:
        with self._lock:
            self._failed += 1
            if time.monotonic() < self._next:
                return
            failed, self._failed = self._failed, 0
            self._next = time.monotonic() + INTERVAL
        logger.error(
            "PostgreSQL does not answer (%s). Requests that failed since the last such line: %d.",
            type(error).__name__,
            failed,
        )


def is_outage(error: BaseException | None) -> bool:
    """Whether the error, or what caused it, is that PostgreSQL is away."""
    while error is not None:
        if isinstance(error, OperationalError | InterfaceError):
            code = getattr(error.__cause__, "sqlstate", None)
            return code is None or code.startswith(OUTAGE_CODES)
        error = error.__cause__ or error.__context__
    return False
