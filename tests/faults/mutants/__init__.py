"""Mutants: broken engines, each of which lacks one part of what makes the mirror reliable.

A test that passes with the broken engine that it should notice proves nothing. So every fault test
names, with ``kills_mutant``, a mutant with which it fails; ``make mutants`` runs each test with its
mutant and requires that it fails. ``make test`` does the same for the scenarios.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.faults.mutants import capture_and_dispatch, protocol, values, verify, worker
from tests.faults.mutants.patching import Change

MUTANTS: dict[str, list[Change]] = (
    protocol.MUTANTS
    | capture_and_dispatch.MUTANTS
    | worker.MUTANTS
    | verify.MUTANTS
    | values.MUTANTS
)

kills_mutant = pytest.mark.kills_mutant


@contextmanager
def apply_mutant(name: str) -> Iterator[None]:
    """Run the block with the broken engine of this name."""
    with ExitStack() as stack:
        for change in MUTANTS[name]:
            stack.enter_context(change())
        yield
