"""What surrounds the protocol: probes, leases, credentials, repairs, and what holds up whom."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from campaigns.models import Campaign
from mirror.documents import rows
from mirror.models import LedgerEntry, Outage, ledger
from mirror.stores import aws_errors, clients
from mirror.sync import backfill, breaker, dispatch, worker
from mirror.sync.engine import Outcome
from mirror.verify import check, orphans, repair
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Fault
from tests.faults.scenarios import in_thread
from tests.faults.world import World
from tests.support.aws import point_clients_at


@kills_mutant("a probe that is always the same")
def test_objects_that_aws_never_answers_for_hold_up_no_other(world: World) -> None:
    bad = [world.session(name="bad") for _ in range(3)]
    for number in range(9):
        world.session(name=f"{number}")
    for session in bad:
        world.proxy.add(
            Fault.ERROR, "PutObject", key=f"{session.pk}", status=403, code="AccessDenied"
        )
    for _ in range(3):
        if LedgerEntry.objects.pending().count() > len(bad):
            worker.drain()
    assert LedgerEntry.objects.pending().count() == len(bad)
    world.assert_settles()


@kills_mutant("a single run without patience")
def test_a_store_that_stumbles_again_and_again_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "THREADS", 1)  # so that the failures come one by one
    for number in range(30):
        world.campaign(f"{number}")
    for skip in (21, 14, 8, 3):  # the last one comes first, and counts for all
        world.proxy.add(Fault.REFUSE, "PutItem", skip=skip, times=2)  # and its probe
    assert worker.drain().complete
    world.assert_equal()


@kills_mutant("a breaker that trusts its memory")
def test_another_process_found_the_store_back(world: World) -> None:
    world.campaign()
    breaker.breaker.open.add("DynamoDB")  # and nobody has told this process
    assert worker.Worker()._mirror_batches()[Outcome.MIRRORED] == 1
    world.assert_equal()


@kills_mutant("a lease that is not renewed")
def test_an_object_that_outlasts_its_lease_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = world.session(notes="n" * 60_000, summary="s" * 60_000)
    for number in range(4):
        world.session(name=f"{number}", transcript_text="")
    with monkeypatch.context() as short:
        short.setattr(ledger, "LEASE", timedelta(seconds=1))
        world.proxy.add(Fault.DELAY, "PutObject", seconds=0.6, key=f"{slow.pk}")
        for _ in range(5):  # on a busy machine the others may need more than one
            world.attempt_in_vain()
    (entry,) = LedgerEntry.objects.pending()
    assert (entry.object_id, entry.error_class) == (f"{slow.pk}", "LeaseTooShort")
    world.assert_settles()


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes a client now asks a source of credentials that does not answer."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)


@kills_mutant("clients made outside the budget")
def test_a_source_of_credentials_that_fails_costs_one_attempt_and_one_message(
    world: World, inline: None, monkeypatch: pytest.MonkeyPatch, no_credentials: None
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/none")
    clients.reset_clients()
    world.campaign()
    assert Outage.objects.open().exists()
    asked: list[int] = []
    with monkeypatch.context() as watched:
        watched.setattr(dispatch, "inline_clients", lambda: asked.append(1))
        world.campaign()
    assert not asked
    assert LedgerEntry.objects.pending().count() == 2


@kills_mutant("a worker that ends with its connection")
def test_the_worker_survives_a_moment_without_credentials(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_clients_at(world.proxy.address, world.proxy.address, monkeypatch)
    real, lost = clients.background_clients, threading.Event()
    stop, failed = threading.Event(), threading.Event()

    def make() -> clients.Stores:
        if lost.is_set():
            lost.clear()
            failed.set()
            with aws_errors.translated_errors("DynamoDB", ValueError):
                raise ValueError
        return real()

    monkeypatch.setattr(worker, "background_clients", make)
    monkeypatch.setattr(worker, "PROBE_INTERVAL", timedelta(seconds=0.1))
    with in_thread(worker.Worker(stop=stop).watch):
        try:
            lost.set()
            campaign = world.campaign()
            assert failed.wait(20)
            world.forgive()
            for _ in range(200):
                if world.entry(campaign).state == "mirrored":
                    break
                time.sleep(0.05)
        finally:
            stop.set()
    assert world.entry(campaign).state == "mirrored"


@kills_mutant("a removal of names as they should be")
def test_what_is_left_over_under_an_odd_name_is_removed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair, "YOUNG", timedelta(0))
    session, other = world.session(), world.session()
    worker.drain()
    for name in ("", "readme.txt", "no-uuid/1-x.json", f"{session.pk}//1-x", f"{session.pk}/./x"):
        world.raw.s3.put_object(Bucket=world.raw.bucket, Key=f"transcripts/{name}", Body=b"odd")
    long = "x" * 300
    world.raw.s3.put_object(
        Bucket=world.raw.bucket, Key=f"transcripts/{long}/1-x", Body=b"longer than the ledger's"
    )
    (key,) = (key for key in world.raw.object_keys() if f"{other.pk}" in key)
    world.raw.s3.delete_object(Bucket=world.raw.bucket, Key=key)
    plan = repair.plan(check.check(world.stores).findings, world.stores, delete_orphans=True)
    repair.mark_dirty(plan.repaired, world.stores)
    worker.drain()
    (left,) = check.check(world.stores).findings  # named, and no other suffers from it
    assert left.object_id == long
    assert not LedgerEntry.objects.owed().exists()


def tampered_with(world: World, **change: Any) -> Session:
    """Return a session that is mirrored, and whose item was changed behind the mirror's back."""
    session = world.session()
    worker.drain()
    (key,) = (key for key in world.raw.live() if f"{session.pk}" in key)
    pk, sk = key.split(" ")
    item = {"pk": {"S": pk}, "sk": {"S": sk}}
    world.raw.dynamodb.update_item(TableName=world.raw.table, Key=item, **change)
    return session


@kills_mutant("a repair that takes every item for a stray")
@pytest.mark.parametrize("lost", ["__edb_e__", "id"])
def test_a_live_item_that_lost_its_name_is_written_again(world: World, lost: str) -> None:
    tampered_with(world, UpdateExpression="REMOVE #n", ExpressionAttributeNames={"#n": lost})
    findings = check.check(world.stores).findings
    assert {finding.kind for finding in findings} == {"stale"}
    repair.mark_dirty(findings, world.stores)
    worker.drain()
    world.assert_equal()


@kills_mutant("revisions that are digits only")
@pytest.mark.parametrize("revision", ["7.5", "1e20"])
def test_a_revision_that_nobody_wrote_ends_no_repair(world: World, revision: str) -> None:
    session = tampered_with(
        world,
        UpdateExpression="SET mirrorRevision = :r",
        ExpressionAttributeValues={":r": {"N": revision}},
    )
    session.save()
    worker.drain()
    assert world.entry(session).error_class == "RemoteAhead"
    other = world.session(name="other")
    worker.drain()
    repair.mark_dirty(check.check(world.stores).findings, world.stores)
    worker.drain()
    assert world.entry(other).state == "mirrored"
    if revision == "7.5":
        world.assert_equal()
    else:  # beyond what PostgreSQL counts to: named for ever, but no other suffers
        assert {f.object_id for f in check.check(world.stores).findings} == {f"{session.pk}"}


@kills_mutant("strays named before the rows are read")
def test_what_is_deleted_while_strays_are_named_is_on_its_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = world.session()
    worker.drain()
    listed = list(world.stores.objects.list("transcripts/"))
    real_rows = rows.rows

    def delete_first(document: type[SessionDocument], ids: list[str]) -> object:
        Session.objects.filter(pk=session.pk).delete()
        return real_rows(document, ids)

    monkeypatch.setattr(orphans, "rows", delete_first)
    assert not orphans.find_orphaned_objects(SessionDocument, listed, world.stores)


@kills_mutant("everything locked at once")
def test_asking_again_locks_few_rows_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        world.campaign(f"{number}")
    LedgerEntry.objects.update(next_attempt_at=Now() + timedelta(hours=1))
    monkeypatch.setattr(ledger, "PORTION", 3)
    locked: list[int] = []

    def count(execute: object, sql: str, params: object, many: bool, context: object) -> object:
        done = execute(sql, params, many, context)  # type: ignore[operator]
        if sql.startswith("UPDATE"):
            locked.append(context["cursor"].rowcount)  # type: ignore[index]
        return done

    with connection.execute_wrapper(count):
        LedgerEntry.objects.make_due_now()
    assert [rows for rows in locked if rows] == [3, 3, 1]
    locked.clear()
    with connection.execute_wrapper(count):
        LedgerEntry.objects.make_due_now()
    assert not any(locked)  # what is due already is not touched


@kills_mutant("a backfill that leaves its time limit")
def test_a_backfill_within_a_transaction_leaves_its_settings_alone(world: World) -> None:
    Campaign.objects.create(owner=world.owner, name="C")
    LedgerEntry.objects.all().delete()
    with transaction.atomic(), connection.cursor() as cursor:
        backfill.enqueue_all()
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)
