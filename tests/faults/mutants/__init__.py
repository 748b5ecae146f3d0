"""Broken engines: each lacks one part of what makes the mirror reliable.

A test that passes with the engine that it is to catch proves nothing. Every fault test therefore
says, with ``kills_mutant``, which broken engine it notices; ``make mutants`` runs each against that
engine and requires that it fails. The defects of the protocol itself (``PROTOCOL``) are noticed in
``make test``, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.faults.mutants import content, surroundings
from tests.faults.mutants.patching import Change
from tests.faults.mutants.protocol import PROTOCOL

MUTANTS: dict[str, list[Change]] = PROTOCOL | surroundings.MUTANTS | content.MUTANTS

kills_mutant = pytest.mark.kills_mutant


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Run the block with the broken engine of this name."""
    with ExitStack() as stack:
        for change in MUTANTS[name]:
            stack.enter_context(change())
        yield
