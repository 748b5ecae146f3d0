"""Whether the stores answer: each is asked, however long the other one takes."""

from __future__ import annotations

from threading import Event
from types import SimpleNamespace

import pytest

from mirror.verify import answers


def test_a_store_that_hangs_takes_no_time_from_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = Event()
    clients = SimpleNamespace(
        items=SimpleNamespace(get_many=lambda _: over.wait(60)),
        objects=SimpleNamespace(list=lambda _: iter(())),
    )
    monkeypatch.setattr(answers, "inline_clients", lambda: clients)
    monkeypatch.setattr(answers, "INLINE_SECONDS", 1.0)
    try:
        assert answers.ask_stores() == {
            "DynamoDB": "BudgetTimeout: no answer within 1.0 s",
            "S3": "",
        }
    finally:
        over.set()
