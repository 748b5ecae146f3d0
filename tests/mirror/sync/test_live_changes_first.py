"""What people change is mirrored before what a backfill has enqueued."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from campaigns.models import Campaign
from mirror.errors import OUT_OF_REACH, Failure, Kind
from mirror.models import LedgerEntry, Outage
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import ItemStore
from mirror.sync import worker
from mirror.sync.backfill import enqueue_all
from mirror.sync.breaker import breaker
from mirror.sync.pipeline import BATCH, Pipeline
from tests.support.factories import make_campaign
from tests.support.stored import assert_equal

MANY = 500


@pytest.fixture
def backfill(mirror: Stores, owner: User) -> list[LedgerEntry]:
    """Rows that a backfill has enqueued, in turn."""
    Campaign.objects.bulk_create(Campaign(owner=owner, name=f"{n}") for n in range(MANY))
    LedgerEntry.objects.all().delete()
    assert enqueue_all() == MANY
    return list(LedgerEntry.objects.order_by("next_attempt_at", "pk"))


def save(entry: LedgerEntry, name: str = "live") -> LedgerEntry:
    Campaign.objects.filter(pk=entry.object_id).update(name=name)
    return entry


def test_a_change_made_during_a_backfill_passes_it(
    mirror: Stores, backfill: list[LedgerEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, names, put = threading.Lock(), list[str](), ItemStore.put

    def save_the_last() -> None:
        save(backfill[-1])
        connection.close()

    def put_slowly(self: ItemStore, item: Any, known: Any) -> None:
        time.sleep(0.01)
        with lock:
            names.append(item["name"]["S"])
            if len(names) == 30:  # by now, entries are claimed and wait
                person = threading.Thread(target=save_the_last)
                person.start()
                person.join()
        put(self, item, known)

    monkeypatch.setattr(ItemStore, "put", put_slowly)
    assert worker.drain().complete
    assert len(names) == MANY
    assert names.index("live") < 2 * BATCH  # rows that were claimed before it, at most
    assert_equal(mirror)


def test_a_change_is_claimed_first_though_it_is_due_last(backfill: list[LedgerEntry]) -> None:
    new = make_campaign(Campaign.objects.earliest("pk").owner, "new")
    live = [save(backfill[150]).object_id, str(new.pk)]
    LedgerEntry.objects.filter(object_id=new.pk).update(next_attempt_at=timezone.now())
    claimed = [entry.object_id for _ in live for entry in LedgerEntry.objects.due().claim(1)]
    assert sorted(claimed) == sorted(live)
    (third,) = LedgerEntry.objects.due().claim(1)
    assert third == backfill[0]


def test_what_was_owed_to_a_person_stays_first_when_a_backfill_enqueues_it(
    backfill: list[LedgerEntry],
) -> None:
    live = save(backfill[-1])
    enqueue_all()
    assert LedgerEntry.objects.due().claim(1) == [live]


def test_what_is_mirrored_is_enqueued_by_a_backfill_behind_what_people_change(
    mirror: Stores, owner: User
) -> None:
    campaigns = [make_campaign(owner, f"{number}") for number in range(3)]
    worker.drain()
    enqueue_all()
    assert LedgerEntry.objects.filter(backfill=True).count() == 3
    campaigns[1].save()
    (entry,) = LedgerEntry.objects.due().claim(1)
    assert entry.object_id == str(campaigns[1].pk)
    LedgerEntry.objects.release([entry])
    worker.drain()
    assert not LedgerEntry.objects.filter(backfill=True).exists()


def test_retrying_everything_lets_no_backfill_pass_a_person(backfill: list[LedgerEntry]) -> None:
    LedgerEntry.objects.update(parked_at=timezone.now())
    live = save(backfill[-1])
    assert LedgerEntry.objects.retry() == MANY
    assert LedgerEntry.objects.due().claim(1) == [live]


def test_the_next_to_become_due_may_be_of_either_kind(backfill: list[LedgerEntry]) -> None:
    soon, later = (timezone.now() + timedelta(minutes=minutes) for minutes in (5, 60))
    live = save(backfill[-1])
    for mine, others in ((soon, later), (later, soon)):
        LedgerEntry.objects.update(next_attempt_at=others)
        LedgerEntry.objects.filter(pk=live.pk).update(next_attempt_at=mine)
        wait = LedgerEntry.objects.due_in()
        assert wait is not None
        assert timedelta(minutes=4) < wait <= timedelta(minutes=5)


def test_a_probe_may_be_of_either_kind(
    backfill: list[LedgerEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that failed least, though others are live."""
    save(backfill[-1])
    LedgerEntry.objects.update(
        attempts=3, error_class=OUT_OF_REACH, next_attempt_at=timezone.now() + timedelta(minutes=1)
    )
    LedgerEntry.objects.filter(pk=backfill[7].pk).update(attempts=2)
    Outage.objects.begin("DynamoDB", Failure(Kind.UNREACHABLE, "Test", store="DynamoDB"))
    breaker.refresh()
    probes: list[LedgerEntry] = []
    monkeypatch.setattr(Pipeline, "add", lambda self, entries, stores: probes.extend(entries))
    worker.mirror_due()
    assert probes == [backfill[7]]


def test_a_save_that_is_rolled_back_changes_no_turn(backfill: list[LedgerEntry]) -> None:
    with transaction.atomic():
        save(backfill[-1])
        transaction.set_rollback(True)
    assert LedgerEntry.objects.due().claim(1) == [backfill[0]]


def test_a_change_is_claimed_though_the_worker_has_enough_of_a_backfill(
    mirror: Stores, backfill: list[LedgerEntry]
) -> None:
    one = worker.Worker()
    with Pipeline(stop=threading.Event(), progress=bool) as line:
        one._claim(line)
        assert len(line.under_way) == BATCH
        live = save(backfill[-1])
        LedgerEntry.objects.filter(pk=backfill[-2].pk).update(backfill=False)
        for _ in range(2):
            one._look_at = 0.0  # some time has passed
            one._claim(line)
            assert set(line.under_way[:2]) == {backfill[-2].pk, live.pk}
            assert len(line.under_way) == BATCH + 2
        save(backfill[-3])
        one._claim(line)
        assert len(line.under_way) == BATCH + 2  # it was only just looked for others
        while line.is_busy():
            line.advance(timeout=1)


def test_a_worker_claims_no_more_changes_than_it_can_mirror_soon(
    mirror: Stores, owner: User
) -> None:
    Campaign.objects.bulk_create(Campaign(owner=owner, name=f"{n}") for n in range(MANY))
    one = worker.Worker()
    with Pipeline(stop=threading.Event(), progress=bool) as line:
        for _ in range(3):
            one._look_at = 0.0
            one._claim(line)
        assert len(line.under_way) == BATCH


def test_claimed_changes_do_not_wait_behind_claimed_rows_of_a_backfill(
    mirror: Stores, backfill: list[LedgerEntry]
) -> None:
    with Pipeline(stop=threading.Event(), progress=bool) as line:
        line.add(LedgerEntry.objects.due().claim(3), mirror)
        for live in backfill[-2:]:
            save(live)
            line.add(LedgerEntry.objects.due().claim(1), mirror)
        waiting = [LedgerEntry.objects.get(pk=pk) for pk in line.under_way]
        assert waiting == [*backfill[-2:], *backfill[:3]]
        while line.is_busy():
            line.advance(timeout=1)
