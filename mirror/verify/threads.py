"""Threads that hide the latency of the stores, each with its own connection to PostgreSQL."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from mirror.conf import PRIMARY

T = TypeVar("T")

THREADS = 4


class Threads:
    """Some threads, and the work that waits for them."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def in_order(self, work: Iterable[Callable[[], T]]) -> Iterator[T]:
        """Do the work, and yield what it came to in its order; only a little is begun ahead."""
        running: deque[Future[T]] = deque()
        try:
            for piece in work:
                running.append(self._pool.submit(piece))
                if len(running) > THREADS:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()

    def side_by_side(self, series: Iterable[Callable[[], T | None]]) -> Iterator[T]:
        """Call each function again and again until it returns None; yield all else as it comes."""
        running = {self._pool.submit(following): following for following in series}
        try:
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    following = running.pop(future)
                    result = future.result()
                    if result is not None:
                        running[self._pool.submit(following)] = following
                        yield result
        finally:
            for future in running:
                future.cancel()


@contextmanager
def open_threads() -> Iterator[Threads]:
    """Start the threads; at the end, end them and close their connections."""
    opened: list[BaseDatabaseWrapper] = []

    def keep_connection() -> None:
        own = connections[PRIMARY]
        own.inc_thread_sharing()  # it outlives its thread
        opened.append(own)

    try:
        with ThreadPoolExecutor(
            THREADS, thread_name_prefix="mirror-check", initializer=keep_connection
        ) as pool:
            yield Threads(pool)
    finally:
        for connection in opened:
            connection.close()
