"""The stand-in for DynamoDB keeps what it acknowledged: tests of the mirror rely on that."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import get_ident

import pytest
from moto.dynamodb.models.dynamo_type import DynamoType

from mirror.stores.clients import Stores
from tests.support.stored import all_items

WRITERS = 4


@pytest.fixture
def threads_switch_in_a_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt moto between looking a partition up and making it, for one thread after another.

    That happens by itself once in many thousand puts.
    """
    hashed, hashes = DynamoType.__hash__, Counter[int]()

    def interrupted(key: DynamoType) -> int:
        thread = get_ident()
        hashes[thread] += 1
        if hashes[thread] == 2:  # the second hash is that of making it
            time.sleep(0.05 * len(hashes))
        return hashed(key)

    monkeypatch.setattr(DynamoType, "__hash__", interrupted)


@pytest.mark.usefixtures("threads_switch_in_a_look_up")
def test_items_put_at_once_into_a_new_partition_are_all_kept(mirror: Stores) -> None:
    def put(number: int) -> None:
        item = {"pk": {"S": "partition"}, "sk": {"S": f"{number}"}}
        mirror.items.client.put_item(TableName=mirror.items.table, Item=item)

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(put, range(WRITERS)))

    assert len(all_items(mirror)) == WRITERS
