"""How an engine is broken, for as long as a block runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any
from unittest import mock

Change = Callable[[], AbstractContextManager[Any]]


def instead(owner: object, name: str, what: Any) -> Change:
    """Return a change that puts ``what`` in the place of ``owner.name``."""
    return partial(mock.patch.object, owner, name, what)
