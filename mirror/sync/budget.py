"""The budget: how long a person's request may wait for AWS."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import ParamSpec, TypeVar

from mirror.errors import Failure, Kind, StoreError

P = ParamSpec("P")
R = TypeVar("R")

INLINE_SECONDS = 2.0  # all calls to AWS of one request together
FAIR_SECONDS = 1.0  # a store that was given this long and did not answer is out of reach

# Calls run on these threads: a name server that hangs, or an answer that trickles in, gets past
# every timeout of a client, but not past the wait for a thread. A call that was given up keeps its
# thread until it ends; while none is free, no request waits for one.
THREADS = 16
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-inline")
_free = BoundedSemaphore(THREADS)


class BudgetSpent(Exception):
    """There is no time left for another call."""


class Budget:
    """The seconds that all calls to AWS on behalf of one request may take together."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def run(self, store: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what ``call`` returns.

        Raises ``StoreError`` if the call outlasts the budget, and ``BudgetSpent`` if so little was
        left that this says nothing about the store, or if earlier calls hold every thread.
        """
        if self.left <= 0 or not _free.acquire(blocking=False):
            raise BudgetSpent
        granted = self.left
        started = time.monotonic()
        answer = _threads.submit(call, *args, **kwargs)
        answer.add_done_callback(lambda _: _free.release())
        try:
            return answer.result(timeout=self.left)
        except TimeoutError:
            answer.cancel()  # if it still waits for a thread: nobody expects the answer any more
            if granted < FAIR_SECONDS:
                raise BudgetSpent from None
            failure = Failure(Kind.UNREACHABLE, "BudgetTimeout", store=store, seconds=granted)
            raise StoreError(failure) from None
        finally:
            self.left -= time.monotonic() - started
