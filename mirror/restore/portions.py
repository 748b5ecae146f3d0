"""Reads rows on threads, in portions that fit into memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from mirror.documents.items import Item
from mirror.restore.reader import Reading

THREADS = 8  # they hide the latency of S3
PORTION = 1024 * 1024  # bytes of contents


def read_in_portions(
    threads: ThreadPoolExecutor, read: Callable[[Item], Reading], items: Iterable[Item]
) -> Iterator[list[Reading]]:
    """Read items with their contents, in their order; yield some at a time.

    All at once, if their contents are small. What is in memory is one portion, and what the
    threads read ahead.
    """
    portion: list[Reading] = []
    size = 0
    for reading in _read_ahead(threads, read, items):
        portion.append(reading)
        size += reading.size
        if size >= PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _read_ahead(
    threads: ThreadPoolExecutor, read: Callable[[Item], Reading], items: Iterable[Item]
) -> Iterator[Reading]:
    running: deque[Future[Reading]] = deque()
    for item in items:
        running.append(threads.submit(read, item))
        if len(running) == THREADS:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()
