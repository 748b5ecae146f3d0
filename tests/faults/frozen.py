"""A worker on a thread of its own that stops in the middle of a step, past its lease."""

from __future__ import annotations

import threading
import time
from typing import Any
from unittest import mock

from django.db import connection

from mirror.sync import engine, worker
from tests.faults.points import POINTS
from tests.faults.proxy import WAIT

HOUR = 3600.0


class Clock:
    """The engine's clock: ahead in a thread that was frozen."""

    def __init__(self) -> None:
        self._ahead = threading.local()

    def skip(self) -> None:
        """Let an hour pass for this thread."""
        self._ahead.seconds = HOUR

    def monotonic(self) -> float:
        """Return what ``time.monotonic`` would return."""
        return time.monotonic() + float(getattr(self._ahead, "seconds", 0.0))


class FrozenWorker:
    """Works off one batch; stops before ``point`` and waits to be thawed."""

    def __init__(self, point: str) -> None:
        self._thawed = threading.Event()
        self._stopped = threading.Semaphore(0)
        self._owner, self._name = POINTS[point]
        self._real = getattr(self._owner, self._name)
        self._clock = Clock()
        self._thread = threading.Thread(target=self._work, name="frozen-worker")
        self._errors: list[BaseException] = []
        self._patches = [
            mock.patch.object(self._owner, self._name, self._step()),
            mock.patch.object(engine, "time", self._clock),
        ]
        for patch in self._patches:
            patch.start()
        self._thread.start()
        assert self._stopped.acquire(timeout=WAIT)

    def _step(self) -> Any:
        def step(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is self._thread and not self._thawed.is_set():
                self._stopped.release()
                assert self._thawed.wait(WAIT * 10)
                self._clock.skip()
            return self._real(*args, **kwargs)

        return step

    def _work(self) -> None:
        try:
            worker.Worker()._mirror_batch()
        except BaseException as error:  # noqa: BLE001 - raised again by thaw()
            self._errors.append(error)
        finally:
            connection.close()
            self._stopped.release()  # it may never have come to its point

    def thaw(self) -> None:
        """Let it go on: the call it was about to make goes out, then it finds its lease over."""
        self._thawed.set()
        self._thread.join(WAIT)
        assert not self._thread.is_alive()
        for patch in reversed(self._patches):
            patch.stop()
        if self._errors:
            raise self._errors[0]
