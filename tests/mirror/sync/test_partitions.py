"""One partition that DynamoDB throttles rests; the others go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError
from django.contrib.auth.models import User

from mirror.errors import Failure
from mirror.models import LedgerEntry, Outage, State
from mirror.stores.clients import Stores
from mirror.sync import breaker, pipeline, worker
from tests.support.factories import make_campaign, make_user


@pytest.fixture
def throttle(mirror: Stores, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Partition keys whose items DynamoDB throttles, as long as they are in this set."""
    keys: set[str] = set()
    put_item = mirror.items.client.put_item

    def put(**arguments: Any) -> Any:
        item = arguments["Item"]
        if item.get("gsi1pk", item["pk"])["S"] in keys:
            code = "ProvisionedThroughputExceededException"
            raise ClientError({"Error": {"Code": code}}, "PutItem")
        return put_item(**arguments)

    monkeypatch.setattr(mirror.items.client, "put_item", put)
    return keys


def states_of(owner: User) -> set[State]:
    ids = [str(campaign.pk) for campaign in owner.campaigns.all()]
    return {entry.state for entry in LedgerEntry.objects.filter(object_id__in=ids)}


def test_one_hot_partition_does_not_stop_the_others(throttle: set[str]) -> None:
    hot, other = make_user("hot"), make_user("other")
    throttle.add(f"user#{hot.pk}")
    for number in range(20):
        make_campaign(hot, f"{number}")
    make_campaign(other)
    worker.mirror_due()
    assert (states_of(hot), states_of(other)) == ({State.PENDING}, {State.MIRRORED})
    assert not Outage.objects.exists()


def test_a_hot_partition_is_asked_once_in_a_while(
    mirror: Stores, throttle: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "FIRST_REST", 60)
    monkeypatch.setattr(pipeline, "THREADS", 1)  # calls that are under way together do not know
    monkeypatch.setattr(Failure, "retry_after", lambda *_: timedelta(hours=1))  # each row once
    hot = make_user("hot")
    throttle.add(f"user#{hot.pk}")
    for number in range(8):
        make_campaign(hot, f"{number}")
    put_item = mock.Mock(side_effect=mirror.items.client.put_item)
    monkeypatch.setattr(mirror.items.client, "put_item", put_item)
    worker.mirror_due()
    assert put_item.call_count == 1
    assert set(LedgerEntry.objects.values_list("error_class", flat=True)) == {
        "ClientError",
        "PartitionBusy",
    }


def test_several_busy_partitions_are_an_outage(throttle: set[str]) -> None:
    for number in range(breaker.BUSY_PARTITIONS):
        owner = make_user(f"gm{number}")
        throttle.add(f"user#{owner.pk}")
        make_campaign(owner)
    worker.mirror_due()
    assert Outage.objects.open().get().store == "DynamoDB"


def test_a_partition_that_answers_again_rests_no_more(
    throttle: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "FIRST_REST", 0.01)
    hot = make_user("hot")
    throttle.add(f"user#{hot.pk}")
    make_campaign(hot)
    worker.mirror_due()
    throttle.clear()
    assert worker.drain().complete
