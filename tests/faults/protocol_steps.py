"""The steps of an attempt before which a test can kill, freeze or disturb a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from mirror.models import LedgerQuerySet
from mirror.stores.dynamodb import ItemStore
from mirror.stores.s3 import ObjectStore

STEPS: dict[str, tuple[type, str]] = {
    "record": (LedgerQuerySet, "record"),
    "object put": (ObjectStore, "put"),
    "item put": (ItemStore, "put"),  # also called for a tombstone
    "tombstone": (ItemStore, "put_tombstone"),
    "object removal": (ObjectStore, "delete"),
    "acknowledgement": (LedgerQuerySet, "acknowledge"),
}


class SimulatedKill(BaseException):
    """The end of a process: no ``except Exception`` catches it, so nothing is cleaned up."""


def simulate_kill() -> None:
    """End as SIGKILL would, as far as an exception can."""
    raise SimulatedKill


@contextmanager
def before_step(step: str, act: Callable[[], object], *, nth: int = 1) -> Iterator[None]:
    """Call ``act`` when ``step`` is about to be made for the ``nth`` time."""
    owner, name = STEPS[step]
    real = getattr(owner, name)
    calls = 0

    def replacement(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth:
            act()
        return real(*args, **kwargs)

    with mock.patch.object(owner, name, replacement):
        yield
