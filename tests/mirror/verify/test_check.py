"""The check finds every kind of difference, also beside live traffic, and with few requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from mirror.errors import StoreError
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check
from mirror.verify.findings import ORPHAN_KINDS
from mirror.verify.report import Report
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_campaign, make_session, make_sessions
from tests.support.stored import assert_equal, assert_equal_after_sync, item_of
from tests.support.tampering import TAMPERINGS

mirror_check = partial(run, "mirror_check")


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_repaired(mirror: Stores, session: Session, name: str) -> None:
    tamper, kind, attributes = TAMPERINGS[name]
    tamper(mirror, item_of(mirror, session.pk))

    code, printed = mirror_check("--json")
    report = json.loads(printed)
    assert code == 1
    assert report["parity_percent"] < 100
    (finding,) = report["findings"]
    assert (finding["kind"], finding["attributes"]) == (kind, attributes)
    assert report["counts"][kind] == 1
    assert sum(report["counts"].values()) == 1
    if name in {"foreign item", "object without a row", "object with an odd key"}:
        assert finding["object_id"] != str(session.pk)
    else:
        assert finding["object_id"] == str(session.pk)
    assert "CANARY" not in printed + mirror_check()[1]

    assert mirror_check("--repair")[0] == (1 if kind in ORPHAN_KINDS else 0)
    if kind == "object_orphaned":
        assert mirror_check("--repair", "--delete-orphans")[0] == 1  # in its first hour
        return
    assert mirror_check("--repair", "--delete-orphans")[0] == 0
    assert_equal(mirror)
    assert mirror_check("--repair", "--delete-orphans") == mirror_check()


def test_a_pending_row_is_neither_a_difference_nor_equal(mirror: Stores, session: Session) -> None:
    session.name = "changed"
    session.save()
    code, printed = mirror_check("--json")
    report = json.loads(printed)
    assert (code, report["pending"], report["findings"]) == (0, 1, [])
    assert report["parity_percent"] < 100


def test_a_parked_row_is_a_difference(mirror: Stores, session: Session) -> None:
    session.metrics = {"a": 10**40 + 1}
    session.save()
    worker.drain()
    code, printed = mirror_check("--json")
    report, _ = json.JSONDecoder().raw_decode(printed)  # what follows is on stderr
    (finding,) = report["findings"]
    assert (code, finding["kind"], finding["object_id"]) == (1, "stale", str(session.pk))


def test_a_row_that_the_ledger_does_not_know_is_missing(mirror: Stores, owner: User) -> None:
    make_campaign(owner)
    LedgerEntry.objects.all().delete()
    report = check.check(mirror)
    assert [finding.kind for finding in report.findings] == ["missing"]
    assert mirror_check("--repair")[0] == 0


def test_a_row_that_cannot_be_read_does_not_end_the_check(mirror: Stores, session: Session) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sessions_app_session SET created_at = 'infinity' WHERE id = %s", [session.pk]
        )
    worker.drain()
    report = check.check(mirror)
    assert [finding.object_id for finding in report.findings] == [str(session.pk)]
    assert report.expected == 3


def run_in_thread(stop: threading.Event, work: Callable[[], object]) -> threading.Thread:
    """Repeat ``work`` in a thread until ``stop`` is set."""

    def keep_working() -> None:
        try:
            while not stop.is_set():
                work()
        finally:
            connection.close()

    thread = threading.Thread(target=keep_working)
    thread.start()
    return thread


def check_despite_moto(stores: Stores) -> Report:
    """Check; repeat it if moto's server stumbles, as its listings do beside writes (a 500)."""
    for _ in range(5):
        try:
            return check.check(stores)
        except StoreError as error:
            if error.failure.code != "500":
                raise
    pytest.fail("moto answers nothing but 500")


def test_a_check_beside_constant_writes_finds_no_difference(mirror: Stores, owner: User) -> None:
    campaigns = make_campaign(owner), make_campaign(owner)
    sessions = make_sessions(owner, 60, campaigns[0], transcript_text=TRANSCRIPT)
    assert_equal_after_sync(mirror)
    stop, numbers = threading.Event(), iter(range(10**9))

    def save() -> None:
        number = next(numbers)
        session = Session.objects.get(pk=sessions[number % 50].pk)
        session.transcript_text = f"LAURA: {number}"
        session.campaign = campaigns[1] if number % 3 else None
        session.save()
        make_session(owner, transcript_text=TRANSCRIPT).delete()

    threads = [run_in_thread(stop, save), run_in_thread(stop, worker.mirror_due)]
    try:
        reports = [check_despite_moto(mirror) for _ in range(6)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert next(numbers) > 20  # rows were really written meanwhile
    assert [sorted(report.findings, key=str) for report in reports] == [[]] * 6
    assert_equal_after_sync(mirror)


def test_a_check_takes_few_requests(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 120, transcript_text=TRANSCRIPT)
    assert_equal_after_sync(mirror)
    calls: list[str] = []

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    mirror.items.client.meta.events.register("before-call.*.*", note)
    mirror.objects.storage.client.meta.events.register("before-call.*.*", note)
    check.check(mirror)
    assert len(calls) < 12, calls
