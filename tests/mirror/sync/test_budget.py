"""The budget: calls that were given up take nothing from later requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from mirror.errors import StoreError
from mirror.sync import budget
from mirror.sync.budget import Budget, BudgetSpent


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """What the hanging calls wait for."""
    release = threading.Event()
    yield release
    release.set()
    for _ in range(budget.THREADS):  # until every thread is free again
        budget._free.acquire()
    for _ in range(budget.THREADS):
        budget._free.release()


def test_a_call_returns_its_answer_and_costs_its_time() -> None:
    spent = Budget(5)
    assert spent.run("S3", lambda: "answer") == "answer"
    assert 4 < spent.left < 5


def test_while_abandoned_calls_hold_every_thread_nobody_waits_and_no_outage_is_seen(
    hanging: threading.Event,
) -> None:
    for _ in range(budget.THREADS):
        with pytest.raises((StoreError, BudgetSpent)):
            Budget(0.01).run("S3", hanging.wait, 60)
    started = time.monotonic()
    with pytest.raises(BudgetSpent):
        Budget(2).run("S3", lambda: "never asked")
    assert time.monotonic() - started < 1


def test_a_thread_is_free_again_once_its_call_ends(hanging: threading.Event) -> None:
    for _ in range(budget.THREADS):
        with pytest.raises((StoreError, BudgetSpent)):
            Budget(0.01).run("S3", hanging.wait, 60)
    hanging.set()
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        try:
            assert Budget(2).run("S3", lambda: "answer") == "answer"
        except BudgetSpent:
            time.sleep(0.01)
        else:
            return
    pytest.fail("no thread became free")
