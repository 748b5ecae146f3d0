"""A worker, on a thread of its own, that freezes before a step until its lease is over."""

from __future__ import annotations

import threading
import time
from typing import Any
from unittest import mock

from django.db import connection

from mirror.models import LedgerEntry
from mirror.stores.clients import background_clients
from mirror.sync import attempt
from mirror.sync.pipeline import BATCH, Pipeline
from tests.faults.protocol_steps import STEPS
from tests.faults.proxy import MAX_WAIT

HOUR = 3600.0


class Clock:
    """The engine's clock. It is an hour ahead in a thread that was frozen."""

    def __init__(self) -> None:
        self._ahead = threading.local()

    def skip_an_hour(self) -> None:
        """Let an hour pass for the calling thread."""
        self._ahead.seconds = HOUR

    def monotonic(self) -> float:
        """Return what ``time.monotonic`` would return."""
        return time.monotonic() + float(getattr(self._ahead, "seconds", 0.0))


class FrozenWorker:
    """Mirrors one batch, but freezes before ``step`` and stays frozen until ``thaw``.

    Returns as soon as the worker is frozen, or has finished without coming to that step.
    """

    def __init__(self, step: str) -> None:
        self._thawed = threading.Event()
        self._first = threading.Lock()  # taken, and kept, by the call that freezes
        self._frozen_or_finished = threading.Semaphore(0)
        self._owner, self._name = STEPS[step]
        self._real = getattr(self._owner, self._name)
        self._clock = Clock()
        self._thread = threading.Thread(target=self._work, name="frozen-worker")
        self._errors: list[BaseException] = []
        self._patches = [
            mock.patch.object(self._owner, self._name, self._freezing_step()),
            mock.patch.object(attempt, "time", self._clock),
        ]
        for patch in self._patches:
            patch.start()
        self._thread.start()
        assert self._frozen_or_finished.acquire(timeout=MAX_WAIT)

    def _freezing_step(self) -> Any:
        def replacement(*args: Any, **kwargs: Any) -> Any:
            if self._first.acquire(blocking=False):
                self._frozen_or_finished.release()
                assert self._thawed.wait(MAX_WAIT * 10)
                self._clock.skip_an_hour()
            return self._real(*args, **kwargs)

        return replacement

    def _work(self) -> None:
        try:
            with Pipeline(stop=threading.Event(), progress=bool) as pipeline:
                pipeline.add(LedgerEntry.objects.due().claim(BATCH), background_clients())
                while pipeline.is_busy():
                    pipeline.advance(timeout=0.1)
        except BaseException as error:  # noqa: BLE001 - raised again by thaw()
            self._errors.append(error)
        finally:
            connection.close()
            self._first.acquire(blocking=False)  # nobody else freezes in its stead
            self._frozen_or_finished.release()

    def thaw(self) -> None:
        """Let the worker go on: it makes the call that it froze before, then its lease is over.

        Waits until it has finished, and raises what it raised.
        """
        self._thawed.set()
        self._thread.join(MAX_WAIT)
        assert not self._thread.is_alive()
        for patch in reversed(self._patches):
            patch.stop()
        if self._errors:
            raise self._errors[0]
