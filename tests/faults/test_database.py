"""PostgreSQL at its worst: contention, rollbacks, lost connections, and a restored backup."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.sync import worker
from mirror.verify import check, repair
from sessions_app.models import Session
from tests.faults import scenarios
from tests.faults.mutants import kills_mutant
from tests.faults.points import before
from tests.faults.scenarios import in_thread
from tests.faults.world import World

WRITERS = 8


def from_eight_connections(work: Callable[[int], object]) -> None:
    """Do ``work`` on eight connections at the same moment."""
    together = threading.Barrier(WRITERS)

    def write(number: int) -> None:
        connection.ensure_connection()
        together.wait()
        work(number)

    jobs = [in_thread(partial(write, number)) for number in range(WRITERS)]
    for job in jobs:
        job.__enter__()
    for job in jobs:
        job.__exit__(None)


@kills_mutant("a trigger that inserts without upsert")
def test_first_save_ever_of_one_object_from_eight_connections(world: World) -> None:
    campaign = world.campaign()
    LedgerEntry.objects.all().delete()  # rows from before the mirror was installed

    from_eight_connections(
        lambda number: Campaign.objects.filter(pk=campaign.pk).update(name=f"{number}")
    )
    assert LedgerEntry.objects.get().revision == WRITERS
    world.assert_settles()


@kills_mutant("a trigger that inserts without upsert")
def test_creation_of_one_object_from_eight_connections(world: World) -> None:
    key = uuid.uuid4()

    def create(number: int) -> None:
        try:
            world.campaign(f"{number}", id=key)
        except IntegrityError:
            Campaign.objects.filter(pk=key).update(name=f"{number}")

    from_eight_connections(create)
    assert LedgerEntry.objects.get().revision == WRITERS
    world.assert_settles()


@kills_mutant("dispatched before the commit")
@pytest.mark.parametrize("dispatch", ["inline", "worker"])
def test_what_is_rolled_back_asks_aws_nothing(
    world: World, settings: Settings, dispatch: str
) -> None:
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": dispatch}
    with transaction.atomic():
        world.session(world.campaign())
        transaction.set_rollback(True)
    assert world.proxy.requests == []
    assert not LedgerEntry.objects.exists()


@kills_mutant("dispatched before the commit")
def test_what_a_savepoint_rolls_back_asks_aws_nothing(world: World, settings: Settings) -> None:
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": "inline"}
    with transaction.atomic():
        kept = world.campaign("kept")
        with transaction.atomic():
            world.session(kept)
            transaction.set_rollback(True)
    assert {request.operation for request in world.proxy.requests} == {"PutItem"}
    assert {request.key for request in world.proxy.requests} == {
        f"user#{world.owner.pk} camp#{kept.pk}"
    }
    world.assert_equal()


def terminate(*, own: bool) -> int:
    """End this connection, or all others to this database, as a restart of the server does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND (pid = pg_backend_pid()) = %s",
            [own],
        )
        return int(cursor.fetchone()[0])


def lose_connection() -> None:
    """End this thread's connection."""
    try:
        terminate(own=True)
    except DatabaseError:
        return
    raise AssertionError("the connection survived")


@kills_mutant("acknowledged before it is written")
@pytest.mark.parametrize(
    "step",
    [
        *("record", "object put", "item put", "object removal"),
        pytest.param("acknowledgement", marks=kills_mutant("a put that refuses its own revision")),
    ],
)
def test_connection_lost_in_the_middle_of_a_drain(world: World, step: str) -> None:
    _, _, session = scenarios.filed(world)
    session.transcript_text = "MATT: new"
    session.save()
    with before(step, lose_connection), pytest.raises(DatabaseError):
        worker.mirror_due()
    connection.close()
    assert world.entry(session).state == "pending"
    world.assert_settles()


@kills_mutant("a worker that ends with its connection")
def test_the_worker_survives_the_loss_of_its_connection(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, idle = threading.Event(), threading.Semaphore(0)
    sleep = worker._sleep

    def sleep_and_say_so(event: threading.Event) -> None:
        idle.release()
        sleep(event)

    monkeypatch.setattr(worker, "_sleep", sleep_and_say_so)
    with in_thread(worker.Worker(stop=stop).watch):
        try:
            for name in ("before", "after"):
                assert idle.acquire(timeout=10)
                world.proxy.forget()
                await_put(world, str(world.campaign(name).pk))
                terminate(own=False)
        finally:
            stop.set()
    world.assert_settles()


def await_put(world: World, key: str) -> None:
    """Wait until the proxy has passed on a put of this key."""
    waited = threading.Event()
    for _ in range(200):
        if any(request.landed for request in world.proxy.calls("PutItem", key)):
            return
        waited.wait(0.05)
    raise AssertionError("nothing was put")


@kills_mutant("a drain that waits for locks")
@pytest.mark.parametrize("state", ["mirrored", "pending"])
def test_a_long_transaction_holds_up_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 0.2)
    _, _, session = scenarios.filed(world)
    if state == "pending":  # and waits out a back-off
        session.save()
        LedgerEntry.objects.update(next_attempt_at=Now() + timedelta(hours=1))
    else:  # and something of it is to be removed again
        LedgerEntry.objects.update(sweep_at=Now())
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Session.objects.filter(pk=session.pk).update(name="in the transaction")
            holds.set()
            assert done.wait(20)

    with in_thread(hold):
        try:
            assert holds.wait(20)
            other = world.session(name="somebody else's")
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
            worker.drain()
            assert world.entry(other).state == "mirrored"
        finally:
            done.set()
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 0")
    world.assert_settles()


@kills_mutant("a record over the notes of others")
def test_marked_between_claim_and_record(world: World) -> None:
    """A repair notes keys while a worker begins: the worker must not write over the note."""
    _, b, session = scenarios.filed(world)
    entry = world.entry(session)
    session.campaign, session.transcript_text = b, "MATT: new"
    session.save()
    stray = f"transcripts/{session.pk}/1-stray.json"
    world.raw.s3.put_object(Bucket=world.raw.bucket, Key=stray, Body=b"{}")

    def mark() -> None:
        LedgerEntry.objects.mark_dirty(entry.model, entry.object_id, object_keys=[stray])

    with before("record", mark):
        world.attempt()
    world.assert_settles()


@kills_mutant("an unconditional put")
def test_a_ledger_restored_from_an_older_backup(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "YOUNG", timedelta(0))
    _, b, session = scenarios.filed(world)
    gone_later = world.session(name="was there at the backup")
    world.settle()
    backup = list(LedgerEntry.objects.values()), list(Session.objects.values())
    for number in range(3):
        session.campaign, session.transcript_text = b, f"MATT: {number}"
        session.save()
        gone_later.name = f"{number}"
        gone_later.save()
        world.settle()
    Session.objects.filter(pk=gone_later.pk).delete()
    newer = world.session(name="made after the backup")
    world.settle()

    Session.objects.all().delete()
    Session.objects.bulk_create(Session(**values) for values in backup[1])
    LedgerEntry.objects.all().delete()
    LedgerEntry.objects.bulk_create(LedgerEntry(**values) for values in backup[0])

    assert not LedgerEntry.objects.owed().exists()
    report = check.check(world.stores)
    assert report.parity_percent < 100
    assert {str(session.pk), str(gone_later.pk), str(newer.pk)} <= {
        finding.object_id for finding in report.findings
    }

    Session.objects.filter(pk=gone_later.pk).update(name="saved after the backup")
    worker.drain()
    entry = world.entry(gone_later)
    assert (entry.state, entry.error_class) == ("parked", "RemoteAhead")

    plan = repair.plan(check.check(world.stores).findings, world.stores, delete_orphans=True)
    assert not plan.left
    repair.mark_dirty(plan.repaired, world.stores)
    worker.drain()
    world.assert_equal()


@kills_mutant("a repair that trusts the ledger")
def test_an_object_deleted_behind_the_back(world: World) -> None:
    _, _, session = scenarios.filed(world)
    (key,) = world.raw.object_keys()
    world.raw.s3.delete_object(Bucket=world.raw.bucket, Key=key)

    (finding,) = check.check(world.stores).findings
    assert (finding.kind, finding.object_id) == ("object_missing", str(session.pk))
    session.name = "renamed, which does not bring the transcript back"
    session.save()
    worker.drain()
    assert check.check(world.stores).findings

    plan = repair.plan(check.check(world.stores).findings, world.stores, delete_orphans=False)
    repair.mark_dirty(plan.repaired, world.stores)
    worker.drain()
    world.assert_equal()
