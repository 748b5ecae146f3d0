"""The points of the protocol at which a process can die, freeze, or lose its database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from mirror.models import LedgerEntry
from mirror.stores.dynamodb import ItemStore
from mirror.stores.s3 import ObjectStore

POINTS: dict[str, tuple[type, str]] = {
    "record": (LedgerEntry, "record"),
    "object put": (ObjectStore, "put"),
    "item put": (ItemStore, "put"),  # a tombstone's, too
    "tombstone": (ItemStore, "put_tombstone"),
    "object removal": (ObjectStore, "delete"),
    "acknowledgement": (LedgerEntry, "acknowledge"),
}


class Killed(BaseException):
    """A process that ends here and now: nothing catches it, nothing is tidied up."""


def die() -> None:
    """End as SIGKILL would, as far as an exception can."""
    raise Killed


@contextmanager
def before(point: str, act: Callable[[], object], *, nth: int = 1) -> Iterator[None]:
    """Call ``act`` before ``point`` is passed for the ``nth`` time."""
    owner, name = POINTS[point]
    real = getattr(owner, name)
    passed = 0

    def step(*args: Any, **kwargs: Any) -> Any:
        nonlocal passed
        passed += 1
        if passed == nth:
            act()
        return real(*args, **kwargs)

    with mock.patch.object(owner, name, step):
        yield
