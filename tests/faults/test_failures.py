"""Failures of AWS, one at a time: the row stays owed, and is mirrored when AWS works again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from mirror.errors import StoreError
from mirror.models import LedgerEntry, Outage
from mirror.sync import breaker, pipeline, worker
from mirror.verify import check
from sessions_app.models import Session
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Fault
from tests.faults.scenarios import filed_session
from tests.faults.world import World
from tests.support.factories import make_campaign, make_user

FAULTS: dict[str, dict[str, Any]] = {
    "connection refused": {"fault": Fault.REFUSE},
    "hanging": {"fault": Fault.HANG},
    "answer lost": {"fault": Fault.LOSE_ANSWER},
    "throttled": {
        "fault": Fault.ERROR,
        "status": 400,
        "code": "ProvisionedThroughputExceededException",
    },
    "slow down": {"fault": Fault.ERROR, "status": 503, "code": "SlowDown"},
    "internal error": {"fault": Fault.ERROR, "status": 500, "code": "InternalServerError"},
    "expired credentials": {"fault": Fault.ERROR, "status": 400, "code": "ExpiredTokenException"},
    "no rights": {"fault": Fault.ERROR, "status": 403, "code": "AccessDenied"},
    "no table": {"fault": Fault.ERROR, "status": 400, "code": "ResourceNotFoundException"},
}
FAULTS_OF_THE_REMOVAL = ["connection refused", "answer lost", "slow down"]
CASES = [
    *((name, operation) for name in FAULTS for operation in ("PutObject", "PutItem")),
    *((name, "DeleteObject") for name in FAULTS_OF_THE_REMOVAL),
]


@kills_mutant("failures acknowledged")
@pytest.mark.parametrize(("name", "operation"), CASES)
def test_a_row_whose_call_fails_stays_pending_and_is_mirrored_later(
    world: World, name: str, operation: str
) -> None:
    _, _, session = filed_session(world)
    session.transcript_text = "MATT: new"
    session.save()
    world.proxy.add(**FAULTS[name], operation=operation)
    world.attempt()
    entry = world.entry(session)
    assert (entry.state, entry.attempts) == ("pending", 1)
    assert entry.error_class
    world.assert_settles()


@kills_mutant("failures acknowledged")
@pytest.mark.parametrize(
    "operation",
    [
        *("PutObject", "PutItem"),
        pytest.param("DeleteObject", marks=kills_mutant("put refuses an equal revision")),
    ],
)
def test_an_answer_that_is_cut_hides_no_difference(world: World, operation: str) -> None:
    _, _, session = filed_session(world)
    session.transcript_text = "MATT: new"
    session.save()
    world.proxy.add(Fault.CUT, operation)
    world.attempt()
    world.proxy.stop_faults()
    world.assert_no_silent_difference()
    world.assert_settles()


@kills_mutant("unreadable treated as empty")
@pytest.mark.parametrize("operation", ["Scan", "BatchGetItem", "List", "GetObject"])
@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.CUT, Fault.ERROR])
def test_a_check_that_cannot_read_a_store_raises(
    world: World, operation: str, fault: Fault
) -> None:
    _, _, session = filed_session(world)
    if operation == "GetObject":  # only objects whose listed checksum differs are read
        (key,) = world.raw.object_keys()
        world.raw.s3.put_object(Bucket=world.raw.bucket, Key=key, Body=b"tampered with")
    if operation == "BatchGetItem":  # what does not look equal is examined
        Session.objects.filter(pk=session.pk).update(name="Written behind the ledger's back")
        LedgerEntry.objects.update(revision=F("mirrored_revision"))
    world.proxy.add(fault, operation)
    with pytest.raises(StoreError):
        check.check(world.stores)


@kills_mutant("worker gives up after a millisecond")
@pytest.mark.parametrize("operation", ["PutObject", "PutItem"])
def test_an_answer_that_comes_byte_by_byte_is_accepted(world: World, operation: str) -> None:
    _, _, session = filed_session(world)
    session.transcript_text = "MATT: new"
    session.save()
    world.proxy.add(Fault.TRICKLE, operation, seconds=0.002)
    world.attempt()
    world.proxy.stop_faults()
    world.assert_equal()


@kills_mutant("worker gives up after a millisecond")
@pytest.mark.parametrize("fault", [Fault.DELAY, Fault.TRICKLE])
def test_a_slow_store_is_not_a_failed_store(world: World, fault: Fault) -> None:
    world.session(world.campaign())
    world.proxy.add(fault, seconds=0.0)
    worker.drain()
    world.assert_equal()


@kills_mutant("refusals treated as outages")
@pytest.mark.parametrize("operation", ["PutObject", "PutItem"])
def test_a_row_that_aws_refuses_is_parked_and_delays_no_other(world: World, operation: str) -> None:
    sessions = [world.session(name=f"{number}") for number in range(12)]
    poison = sessions[0]
    code = "InvalidArgument" if operation == "PutObject" else "ValidationException"
    key = f"{poison.pk}"
    world.proxy.add(Fault.ERROR, operation, key=key, status=400, code=code)
    drained = worker.drain()
    assert (drained.mirrored, drained.backlog.pending, drained.backlog.parked) == (11, 0, 1)
    assert not Outage.objects.exists()
    assert world.entry(poison).error_code == code
    world.proxy.clear_log()
    worker.drain()
    assert world.proxy.requests == []  # a parked row waits until somebody acts
    world.proxy.stop_faults()
    poison.save()  # somebody acts
    world.assert_settles()


deeply_nested: list[Any] = []
for _ in range(40):
    deeply_nested = [deeply_nested]
POISON: dict[str, tuple[dict[str, Any], str]] = {
    "number of 39 digits": ({"metrics": {"n": int("7" * 39)}}, "NumberTooManyDigits"),
    "number too large": ({"metrics": {"n": 10**126}}, "NumberOutOfRange"),
    "number too small": ({"metrics": {"n": 1e-131}}, "NumberOutOfRange"),
    "empty name in a map": ({"metrics": {"n": [{"": 1}]}}, "EmptyName"),
    "nested too deep": ({"metrics": {"n": deeply_nested}}, "NestedTooDeep"),
    "item too large": ({"metrics": {"n": "x" * 409_600}}, "ItemTooLarge"),
}


@kills_mutant("no guard")
@pytest.mark.parametrize("name", POISON)
def test_a_poison_row_is_parked_alone(world: World, name: str) -> None:
    fields, code = POISON[name]
    poison = world.session(name="poison", **fields)
    others = [world.session(name=f"{number}") for number in range(9)]
    drained = worker.drain()
    assert (drained.mirrored, drained.backlog.pending, drained.backlog.parked) == (9, 0, 1)
    entry = world.entry(poison)
    assert (entry.error_class, entry.error_code) == ("Unmirrorable", code)
    assert all(world.entry(other).state == "mirrored" for other in others)
    world.assert_no_silent_difference()
    poison.metrics = {"n": 1}
    poison.save()
    world.assert_settles()


@kills_mutant("back-off does not grow")
def test_throttled_rows_back_off_longer_each_time_with_jitter(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "BUSY_PARTITIONS", 10**6)  # the breaker has tests of its own
    monkeypatch.setattr(breaker, "FIRST_REST", 0)
    for number in range(6):
        world.campaign(f"{number}")
    world.proxy.add(**FAULTS["throttled"])
    for attempt in range(1, 11):
        now = timezone.now()
        world.attempt()
        entries = LedgerEntry.objects.filter(attempts=attempt)
        waits = [entry.next_attempt_at - now for entry in entries]
        longest = min(timedelta(seconds=2 ** (attempt - 1)), timedelta(minutes=5))
        assert len(waits) == 6
        assert all(longest / 2 <= wait <= longest + timedelta(seconds=20) for wait in waits)
        assert len(set(waits)) == 6  # rows that failed together do not come back together
        assert not LedgerEntry.objects.due().exists()
        LedgerEntry.objects.update(next_attempt_at=F("next_attempt_at") - longest)
    world.assert_settles()


@kills_mutant("no breaker")
def test_after_three_throttled_partitions_in_a_row_only_probes_are_sent(world: World) -> None:
    for number in range(30):
        make_campaign(make_user(f"gm{number}"))
    world.proxy.add(**FAULTS["throttled"])
    world.attempt()
    assert Outage.objects.open().get().error_code == "ProvisionedThroughputExceededException"
    assert len(world.proxy.requests) <= 3 + pipeline.THREADS  # those that were under way
    world.proxy.clear_log()
    for _ in range(5):
        world.attempt()
    assert len(world.proxy.requests) <= 1
    world.assert_settles()


def session_with_held_upload(world: World) -> Session:
    """Return a session whose transcript was changed while the upload of the older one is held."""
    _, _, session = filed_session(world)
    session.transcript_text = "MATT: held"
    session.save()
    world.proxy.add(Fault.HOLD, "PutObject", times=1)
    world.attempt_and_reset_backoff()
    session.transcript_text = "MATT: newest"
    session.save()
    return session


@kills_mutant("removal never repeated")
def test_a_sweep_that_is_not_due_keeps_no_worker_busy(world: World) -> None:
    session = session_with_held_upload(world)
    world.settle()
    assert world.entry(session).sweep_at
    world.proxy.clear_log()
    assert not worker.mirror_due()
    assert (worker._seconds_until_due() or 0) > 600
    worker.drain()  # sweeps once, as somebody asked; the sweep that is planned stays planned
    assert len(world.proxy.calls("DeleteObject")) == 1
    assert (worker._seconds_until_due() or 0) > 600
    world.pass_time()
    assert worker.mirror_due().total() == 1
    assert worker._seconds_until_due() is None
    world.assert_equal()


@kills_mutant("refused removal given up")
def test_a_removal_that_aws_refuses_is_tried_again(world: World) -> None:
    session = session_with_held_upload(world)
    world.settle_before_release()  # the held upload lands after the removal of its object
    world.proxy.add(Fault.ERROR, "DeleteObject", status=400, code="InvalidRequest")
    world.pass_time()
    world.attempt()
    entry = world.entry(session)
    assert (entry.state, entry.error_code, entry.attempts) == ("mirrored", "InvalidRequest", 1)
    world.assert_no_silent_difference()
    world.proxy.stop_faults()
    assert 0 < (worker._seconds_until_due() or 0) <= 300  # a worker comes back to it by itself
    worker.drain()
    world.assert_equal()
