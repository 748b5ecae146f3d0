"""BatchGetItem answers in part when a table is hot: the rest is asked for again."""

from __future__ import annotations

from typing import Any

import pytest

from mirror.documents.items import ItemKey
from mirror.errors import StoreError
from mirror.stores import clients
from mirror.stores.dynamodb import ItemStore

KEYS = [ItemKey("camp#1", f"sess#{number:03}") for number in range(100)]


class HotTable:
    """Answers for only some of the keys that it is asked for. It holds none of them."""

    def __init__(self, answered: int) -> None:
        self.answered = answered

    def batch_get_item(self, RequestItems: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        ((table, request),) = RequestItems.items()
        left = request["Keys"][self.answered :]
        return {
            "Responses": {},
            "UnprocessedKeys": {table: {**request, "Keys": left}} if left else {},
        }


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, in seconds. None of them takes time."""
    made: list[float] = []
    monkeypatch.setattr("mirror.stores.dynamodb.time.sleep", made.append)
    return made


def ask(store: ItemStore, answered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "client", HotTable(answered))
    assert store.get_many(KEYS) == {}


@pytest.mark.usefixtures("aws_address")
def test_a_table_that_answers_a_little_each_time_is_asked_to_the_end(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(clients.background_clients().items, 1, monkeypatch)
    assert len(pauses) == len(KEYS)


@pytest.mark.usefixtures("aws_address")
def test_long_reading_waits_longer_for_a_table_that_answers_nothing(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []
    for kind in (clients.background_clients, clients.reading_clients):
        pauses.clear()
        with pytest.raises(StoreError) as error:
            ask(kind().items, 0, monkeypatch)
        assert error.value.failure.error_class == "UnprocessedKeys"
        assert max(pauses) <= 10
        waited.append(sum(pauses))
    short, long = waited
    assert 10 < short < 20
    assert 50 < long < 70
