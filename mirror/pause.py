"""Leaving what is saved in a block to the worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from asgiref.local import Local

_context = Local()  # per request, in threads and in coroutines


@contextmanager
def paused() -> Iterator[None]:
    """Leave what is saved in this block to the worker, or to the next ``mirror_sync``.

    For bulk work, and for tests. Nothing is lost: the ledger is marked all the same.
    """
    before = getattr(_context, "paused", False)
    _context.paused = True
    try:
        yield
    finally:
        _context.paused = before
