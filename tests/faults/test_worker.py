"""The worker: outages, leases and credentials; make_due_now and the backfill lock little."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from mirror.models import LedgerEntry, claims, ledger
from mirror.stores import aws_errors, clients
from mirror.sync import backfill, breaker, pipeline, worker
from mirror.sync.engine import Outcome
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Fault
from tests.faults.threads import running_in_thread
from tests.faults.world import World
from tests.support.aws import point_clients_at


@kills_mutant("every probe takes the same row")
def test_rows_whose_failures_look_like_an_outage_stop_no_other(world: World) -> None:
    denied = [world.session(name="denied") for _ in range(3)]
    for number in range(9):
        world.session(name=f"{number}")
    for session in denied:
        world.proxy.add(
            Fault.ERROR, "PutObject", key=f"{session.pk}", status=403, code="AccessDenied"
        )
    for _ in range(3):
        if LedgerEntry.objects.pending().count() > len(denied):
            worker.drain()
    assert LedgerEntry.objects.pending().count() == len(denied)
    world.assert_settles()


@kills_mutant("drain does not wait for a store")
def test_a_drain_waits_out_several_short_outages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "THREADS", 1)  # so that one call fails at a time
    for number in range(30):
        world.campaign(f"{number}")
    for skip in (21, 14, 8, 3):  # the rule that is added last is asked first
        world.proxy.add(Fault.REFUSE, "PutItem", skip=skip, times=2)  # one call and one probe
    assert worker.drain().complete
    world.assert_equal()


@kills_mutant("breaker does not read outages again")
def test_an_outage_that_another_process_has_ended_is_over(world: World) -> None:
    world.campaign()
    breaker.breaker.open.add("DynamoDB")  # but the table of outages has none
    with pipeline.Pipeline(stop=threading.Event(), progress=bool) as line:
        line.add(LedgerEntry.objects.due().claim(1), world.stores)
        assert line.advance(timeout=30) == {Outcome.MIRRORED: 1}
    world.assert_equal()


@kills_mutant("lease not renewed")
def test_a_row_that_takes_longer_than_its_lease_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = world.session(notes="n" * 60_000, summary="s" * 60_000)
    for number in range(4):
        world.session(name=f"{number}", transcript_text="")
    with monkeypatch.context() as context:
        context.setattr(claims, "LEASE", timedelta(seconds=1))
        context.setattr(pipeline, "THREADS", 1)  # the others wait for the slow one
        world.proxy.add(Fault.DELAY, "PutObject", seconds=0.6, key=f"{slow.pk}")
        for _ in range(5):  # on a busy machine the other rows may need more than one
            world.attempt_and_reset_backoff()
    (entry,) = LedgerEntry.objects.pending()
    assert (entry.object_id, entry.error_class) == (f"{slow.pk}", "LeaseTooShort")
    world.assert_settles()


@kills_mutant("watch ends at the first error")
def test_a_worker_without_credentials_for_a_moment_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_clients_at(world.proxy.address, world.proxy.address, monkeypatch)
    real_clients, fail_once = clients.background_clients, threading.Event()
    stop, failed = threading.Event(), threading.Event()

    def clients_or_failure() -> clients.Stores:
        if fail_once.is_set():
            fail_once.clear()
            failed.set()
            with aws_errors.translated_errors("DynamoDB", ValueError):
                raise ValueError
        return real_clients()

    monkeypatch.setattr(worker, "background_clients", clients_or_failure)
    monkeypatch.setattr(worker, "PROBE_INTERVAL", timedelta(seconds=0.1))
    with running_in_thread(worker.Worker(stop=stop).watch):
        try:
            fail_once.set()
            campaign = world.campaign()
            assert failed.wait(20)
            world.reset_backoff()
            for _ in range(200):
                if world.entry(campaign).state == "mirrored":
                    break
                time.sleep(0.05)
        finally:
            stop.set()
    assert world.entry(campaign).state == "mirrored"


@kills_mutant("all entries locked at once")
def test_make_due_now_locks_few_entries_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        world.campaign(f"{number}")
    LedgerEntry.objects.update(next_attempt_at=Now() + timedelta(hours=1))
    monkeypatch.setattr(ledger, "PORTION", 3)
    updated: list[int] = []

    def count(execute: object, sql: str, params: object, many: bool, context: object) -> object:
        result = execute(sql, params, many, context)  # type: ignore[operator]
        if sql.startswith("UPDATE"):
            updated.append(context["cursor"].rowcount)  # type: ignore[index]
        return result

    with connection.execute_wrapper(count):
        LedgerEntry.objects.make_due_now()
    assert [number for number in updated if number] == [3, 3, 1]
    updated.clear()
    with connection.execute_wrapper(count):
        LedgerEntry.objects.make_due_now()
    assert not any(updated)  # entries that are due already are not touched


@kills_mutant("backfill leaves its lock timeout set")
def test_a_backfill_within_a_transaction_restores_its_lock_timeout(world: World) -> None:
    world.campaign()
    LedgerEntry.objects.all().delete()
    with transaction.atomic(), connection.cursor() as cursor:
        backfill.enqueue_all()
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)
