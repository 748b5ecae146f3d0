"""How a mutant breaks the engine for as long as a block runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any
from unittest import mock

Change = Callable[[], AbstractContextManager[Any]]


def replace(owner: object, name: str, replacement: Any) -> Change:
    """Return a change that replaces ``owner.name``.

    ``owner`` is the class, or the module that *uses* the name: after ``from a import name`` in
    module ``b``, a replaced ``a.name`` does not reach ``b``.
    """
    return partial(mock.patch.object, owner, name, replacement)
