"""The state of the current request that the dispatch looks at: paused or not, and its budget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from asgiref.local import Local

context = Local()  # one for each request, in threads and in coroutines


@contextmanager
def paused() -> Iterator[None]:
    """Leave the rows that are saved in this block to the worker, or to the next ``mirror_sync``.

    For bulk work, and for tests. Nothing is lost: the triggers mark the rows dirty all the same.
    """
    before = is_paused()
    context.paused = True
    try:
        yield
    finally:
        context.paused = before


def is_paused() -> bool:
    """Whether the code that is running is inside a ``paused`` block."""
    return getattr(context, "paused", False)
