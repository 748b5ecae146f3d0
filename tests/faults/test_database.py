"""PostgreSQL: contention, rollbacks, lost connections, long transactions, a restored backup."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial

import pytest
from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from campaigns.models import Campaign
from mirror.documents.items import ItemKey
from mirror.models import LedgerEntry
from mirror.stores import clients
from mirror.sync import worker
from mirror.verify import check, repair
from sessions_app.models import Session
from tests.faults.mutants import kills_mutant
from tests.faults.protocol_steps import before_step
from tests.faults.scenarios import filed_session
from tests.faults.threads import running_in_thread
from tests.faults.world import World

WRITERS = 8


def run_on_eight_connections(work: Callable[[int], object]) -> None:
    """Call ``work`` on eight connections at the same moment, with the numbers from 0 to 7."""
    all_connected = threading.Barrier(WRITERS)

    def write(number: int) -> None:
        connection.ensure_connection()
        all_connected.wait()
        work(number)

    with ExitStack() as stack:
        for number in range(WRITERS):
            stack.enter_context(running_in_thread(partial(write, number)))


@kills_mutant("trigger inserts without upsert")
def test_eight_first_saves_of_a_row_at_once_all_raise_its_revision(world: World) -> None:
    campaign = world.campaign()
    LedgerEntry.objects.all().delete()  # as for rows older than the mirror

    run_on_eight_connections(
        lambda number: Campaign.objects.filter(pk=campaign.pk).update(name=f"{number}")
    )
    assert LedgerEntry.objects.get().revision == WRITERS
    world.assert_settles()


@kills_mutant("trigger inserts without upsert")
def test_eight_creations_of_a_row_at_once_all_raise_its_revision(world: World) -> None:
    key = uuid.uuid4()

    def create(number: int) -> None:
        try:
            world.campaign(f"{number}", id=key)
        except IntegrityError:
            Campaign.objects.filter(pk=key).update(name=f"{number}")

    run_on_eight_connections(create)
    assert LedgerEntry.objects.get().revision == WRITERS
    world.assert_settles()


@kills_mutant("dispatch before the commit")
@pytest.mark.parametrize("dispatch", ["inline", "worker"])
def test_a_save_that_is_rolled_back_sends_nothing_to_aws(
    world: World, settings: Settings, dispatch: str
) -> None:
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": dispatch}
    with transaction.atomic():
        world.session(world.campaign())
        transaction.set_rollback(True)
    assert world.proxy.requests == []
    assert not LedgerEntry.objects.exists()


@kills_mutant("dispatch before the commit")
def test_a_save_rolled_back_to_a_savepoint_sends_nothing_to_aws(
    world: World, settings: Settings
) -> None:
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": "inline"}
    clients.inline_clients()  # so that making them takes nothing from the budget
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
    """End this connection, or all others to this database, as a server restart does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND (pid = pg_backend_pid()) = %s",
            [own],
        )
        return int(cursor.fetchone()[0])


def lose_connection() -> None:
    """End the worker's connection: that of this thread, or of the one that waits for it."""
    if threading.current_thread() is not threading.main_thread():
        assert terminate(own=False)
        connection.close()
        return
    try:
        terminate(own=True)
    except DatabaseError:
        return
    raise AssertionError("the connection survived")


@kills_mutant("acknowledgement before the write")
@pytest.mark.parametrize(
    "step",
    [
        *("record", "object put", "item put", "object removal"),
        pytest.param("acknowledgement", marks=kills_mutant("put refuses an equal revision")),
    ],
)
def test_a_connection_lost_in_an_attempt_leaves_the_row_pending(world: World, step: str) -> None:
    _, _, session = filed_session(world)
    session.transcript_text = "MATT: new"
    session.save()
    with before_step(step, lose_connection), pytest.raises(DatabaseError):
        worker.mirror_due()
    connection.close()
    assert world.entry(session).state == "pending"
    world.assert_settles()


@kills_mutant("watch ends at the first error")
def test_a_worker_that_loses_its_connection_connects_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, idle = threading.Event(), threading.Semaphore(0)
    sleep = worker._sleep

    def signal_and_sleep(event: threading.Event) -> None:
        idle.release()
        sleep(event)

    monkeypatch.setattr(worker, "_sleep", signal_and_sleep)
    with running_in_thread(worker.Worker(stop=stop).watch):
        try:
            for name in ("before", "after"):
                assert idle.acquire(timeout=10)
                world.proxy.clear_log()
                wait_for_put(world, str(world.campaign(name).pk))
                terminate(own=False)
        finally:
            stop.set()
    world.assert_settles()


def wait_for_put(world: World, key: str) -> None:
    """Wait until an item with this part in its key was put."""
    for _ in range(200):
        if any(request.landed for request in world.proxy.calls("PutItem", key)):
            return
        time.sleep(0.05)
    raise AssertionError("nothing was put")


@kills_mutant("drain waits for locks")
@pytest.mark.parametrize("state", ["mirrored", "pending"])
def test_a_long_transaction_delays_no_other_row(
    world: World, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 0.2)
    _, _, session = filed_session(world)
    if state == "pending":  # and in back-off
        session.save()
        LedgerEntry.objects.update(next_attempt_at=Now() + timedelta(hours=1))
    else:  # and a sweep waits
        LedgerEntry.objects.update(sweep_at=Now() + timedelta(hours=1))
    locked, done = threading.Event(), threading.Event()

    def hold_lock() -> None:
        with transaction.atomic():
            Session.objects.filter(pk=session.pk).update(name="in the transaction")
            locked.set()
            assert done.wait(20)

    with running_in_thread(hold_lock):
        try:
            assert locked.wait(20)
            other = world.session(name="other")
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
            worker.drain()
            assert world.entry(other).state == "mirrored"
        finally:
            done.set()
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 0")
    world.assert_settles()


@kills_mutant("record overwrites keys noted meanwhile")
def test_keys_noted_between_claim_and_record_are_kept(world: World) -> None:
    """A repair notes an orphan while an attempt begins: the attempt must not overwrite the note."""
    _, b, session = filed_session(world)
    entry = world.entry(session)
    session.campaign, session.transcript_text = b, "MATT: new"
    session.save()
    orphan = f"transcripts/{session.pk}/1-orphan.json"
    world.raw.s3.put_object(Bucket=world.raw.bucket, Key=orphan, Body=b"{}")

    def note_orphan() -> None:
        LedgerEntry.objects.mark_dirty(entry.model, entry.object_id, object_keys=[orphan])

    with before_step("record", note_orphan):
        world.attempt()
    world.assert_settles()


@kills_mutant("unconditional put")
def test_a_repair_after_restoring_an_older_backup_makes_all_stores_equal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "YOUNG", timedelta(0))
    _, b, session = filed_session(world)
    deleted_later = world.session(name="deleted after the backup")
    world.settle()
    backup = list(LedgerEntry.objects.values()), list(Session.objects.values())
    for number in range(3):
        session.campaign, session.transcript_text = b, f"MATT: {number}"
        session.save()
        deleted_later.name = f"{number}"
        deleted_later.save()
        world.settle()
    Session.objects.filter(pk=deleted_later.pk).delete()
    newer = world.session(name="created after the backup")
    world.settle()

    Session.objects.all().delete()
    Session.objects.bulk_create(Session(**values) for values in backup[1])
    LedgerEntry.objects.all().delete()
    LedgerEntry.objects.bulk_create(LedgerEntry(**values) for values in backup[0])

    assert not LedgerEntry.objects.owed().exists()
    report = check.check(world.stores)
    assert report.parity_percent < 100
    assert {str(session.pk), str(deleted_later.pk), str(newer.pk)} <= {
        finding.object_id for finding in report.findings
    }

    Session.objects.filter(pk=deleted_later.pk).update(name="saved after the restore")
    worker.drain()
    entry = world.entry(deleted_later)
    assert (entry.state, entry.error_class) == ("parked", "RemoteAhead")

    plan = repair.plan(check.check(world.stores).findings, world.stores, delete_orphans=True)
    assert not plan.left
    repair.mark_dirty(plan.repaired, world.stores)
    worker.drain()
    world.assert_equal()


@kills_mutant("put over any older revision")
@pytest.mark.parametrize("saves", [2, 4])
def test_saves_after_a_restore_never_overwrite_what_only_the_table_holds(
    world: World, saves: int
) -> None:
    _, _, session = filed_session(world)
    backup = LedgerEntry.objects.values().get(object_id=session.pk)
    session.name = "edited after the backup"
    session.save()
    world.settle()
    LedgerEntry.objects.filter(pk=backup["id"]).update(**backup)
    for number in range(saves):
        session.name = f"saved after the restore {number}"
        session.save()
    world.settle()

    entry = world.entry(session)
    assert (entry.state, entry.error_class) == ("parked", "RemoteAhead"), "differs unseen"
    items = world.stores.items.get_many([ItemKey(*key) for key in entry.item_keys])
    assert {item["name"]["S"] for item in items.values()} == {"edited after the backup"}


@kills_mutant("acknowledged revision counts under every key")
def test_a_move_to_where_a_lost_edit_lies_does_not_overwrite_it(world: World) -> None:
    _, b, session = filed_session(world)
    backup = LedgerEntry.objects.values().get(object_id=session.pk)
    session.campaign, session.name = b, "edited after the backup"
    session.save()
    world.settle()
    LedgerEntry.objects.filter(pk=backup["id"]).update(**backup)
    held_elsewhere = ItemKey(f"camp#{b.pk}", f"sess#{session.pk}")
    LedgerEntry.objects.filter(pk=backup["id"]).update(
        revision=F("revision") + 9, mirrored_revision=F("revision") + 8
    )
    session.name = "saved after the restore"
    session.save()
    world.settle()
    entry = world.entry(session)
    assert (entry.state, entry.error_class) == ("parked", "RemoteAhead"), "differs unseen"
    item = world.stores.items.get_many([held_elsewhere])[held_elsewhere]
    assert item["name"]["S"] == "edited after the backup"


@kills_mutant("put over mirrored revisions only")
def test_what_a_killed_worker_has_put_is_overwritten_by_the_next_save(world: World) -> None:
    _, _, session = filed_session(world)
    for name in ("put and not acknowledged", "put again and not acknowledged", "newest"):
        session.name = name
        session.save()
        if name != "newest":
            world.attempt_and_crash("acknowledgement")
            world.expire_leases()
    world.assert_settles()


@kills_mutant("repair trusts the recorded object keys")
def test_an_object_deleted_past_the_mirror_is_uploaded_by_a_repair(world: World) -> None:
    _, _, session = filed_session(world)
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
