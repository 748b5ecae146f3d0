"""Objects that no item refers to any more: recorded only if they were sent, removed for good."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from mirror.models import LedgerEntry, Outage, State
from mirror.models.key_states import LANDED
from mirror.stores.clients import Stores
from mirror.stores.s3 import ObjectStore
from mirror.sync import plan, worker
from tests.support.aws import cut_off, point_clients_at
from tests.support.factories import make_session
from tests.support.stored import assert_equal, assert_equal_after_sync


def test_saves_during_an_outage_of_s3_leave_no_keys_behind(
    mirror: Stores, owner: User, aws_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session(owner, transcript_text="MATT: 0")
    worker.drain()
    cut_off("S3", aws_address, monkeypatch)
    for number in range(1, 11):
        session.transcript_text = f"MATT: {number}"
        session.save()
        worker.mirror_due()
    entry = LedgerEntry.objects.get(object_id=session.pk)
    assert entry.state == State.PENDING
    # The one in use, and those that were really sent: by the first attempt, and by a probe.
    assert len(entry.object_keys) <= 3

    point_clients_at(aws_address, aws_address, monkeypatch)
    assert worker.drain().complete


@pytest.fixture
def superseded(mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch) -> LedgerEntry:
    """A row with more superseded objects than one request removes."""
    monkeypatch.setattr(plan, "REMOVED_AT_ONCE", 10)
    session = make_session(owner, transcript_text="MATT: hello")
    worker.drain()
    entry = LedgerEntry.objects.get(object_id=session.pk)
    keys = [f"transcripts/{session.pk}/{number}-old.json" for number in range(35)]
    for key in keys:
        mirror.objects.put(key, b"{}")
    LedgerEntry.objects.mark_dirty(entry.model, entry.object_id, object_keys=keys)
    return entry


def test_many_superseded_objects_are_removed_in_few_requests(
    mirror: Stores, superseded: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[int] = []
    delete = ObjectStore.delete

    def count(self: ObjectStore, *keys: str) -> None:
        requests.append(len(keys))
        delete(self, *keys)

    monkeypatch.setattr(ObjectStore, "delete", count)
    assert_equal_after_sync(mirror)
    assert sorted(requests, reverse=True) == [10, 10, 10, 6]


def test_an_attempt_that_is_cut_short_keeps_what_it_has_removed(
    mirror: Stores, superseded: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = ObjectStore.delete
    calls: list[int] = []

    def fail_third(self: ObjectStore, *keys: str) -> None:
        calls.append(len(keys))
        if len(calls) == 3:
            raise RuntimeError
        delete(self, *keys)

    with monkeypatch.context() as failing:
        failing.setattr(ObjectStore, "delete", fail_third)
        worker.mirror_due()
    superseded.refresh_from_db()
    left: dict[str, Any] = superseded.key_states
    assert sum(state == LANDED for state in left.values()) == 36 - 20
    assert worker.drain().complete
    assert_equal(mirror)


def test_a_refused_removal_of_many_is_an_error(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "private"}]}
    client = mirror.objects.storage.client
    monkeypatch.setattr(client, "delete_objects", lambda **_: refusal)
    with pytest.raises(Exception, match="AccessDenied") as refused:
        mirror.objects.delete("a", "b")
    assert "private" not in str(refused.value)
    assert not Outage.objects.exists()
