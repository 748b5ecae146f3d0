"""Everything that a call to AWS can come to, one fault at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from mirror.errors import StoreError
from mirror.models import LedgerEntry, Outage
from mirror.sync import breaker, worker
from mirror.verify import check
from sessions_app.models import Session
from tests.faults import scenarios
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Fault
from tests.faults.world import World

LASTING: dict[str, dict[str, Any]] = {
    "refused": {"fault": Fault.REFUSE},
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
EVERY_STEP = ["refused", "answer lost", "slow down"]
CASES = [(name, operation) for name in LASTING for operation in ("PutObject", "PutItem")] + [
    (name, "DeleteObject") for name in EVERY_STEP
]


@kills_mutant("a failure taken for success")
@pytest.mark.parametrize(("name", "operation"), CASES)
def test_what_fails_stays_owed_and_comes_right(world: World, name: str, operation: str) -> None:
    _, _, session = scenarios.filed(world)
    session.transcript_text = "MATT: new"
    session.save()
    world.proxy.add(**LASTING[name], operation=operation)
    world.attempt()
    entry = world.entry(session)
    assert (entry.state, entry.attempts) == ("pending", 1)
    assert entry.error_class
    world.assert_settles()


@kills_mutant("a failure taken for success")
@pytest.mark.parametrize(
    "operation",
    [
        *("PutObject", "PutItem"),
        pytest.param("DeleteObject", marks=kills_mutant("a put that refuses its own revision")),
    ],
)
def test_an_answer_that_is_cut_hides_nothing(world: World, operation: str) -> None:
    _, _, session = scenarios.filed(world)
    session.transcript_text = "MATT: new"
    session.save()
    world.proxy.add(Fault.CUT, operation)
    world.attempt()
    world.proxy.calm()
    world.assert_never_hidden()
    world.assert_settles()


@kills_mutant("what cannot be read taken for empty")
@pytest.mark.parametrize("operation", ["Scan", "BatchGetItem", "List", "GetObject"])
@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.CUT, Fault.ERROR])
def test_a_check_that_cannot_read_says_so(world: World, operation: str, fault: Fault) -> None:
    scenarios.filed(world)
    if operation == "GetObject":  # read only where the checksum in the listing differs
        (key,) = world.raw.object_keys()
        world.raw.s3.put_object(Bucket=world.raw.bucket, Key=key, Body=b"tampered with")
    world.proxy.add(fault, operation)
    with pytest.raises(StoreError):
        check.check(world.stores)


@kills_mutant("an impatient worker")
@pytest.mark.parametrize("operation", ["PutObject", "PutItem"])
def test_an_answer_that_trickles_in_counts(world: World, operation: str) -> None:
    _, _, session = scenarios.filed(world)
    session.transcript_text = "MATT: new"
    session.save()
    world.proxy.add(Fault.TRICKLE, operation, seconds=0.002)
    world.attempt()
    world.proxy.calm()
    world.assert_equal()


@kills_mutant("an impatient worker")
@pytest.mark.parametrize("fault", [Fault.DELAY, Fault.TRICKLE])
def test_slow_is_not_failed(world: World, fault: Fault) -> None:
    world.session(world.campaign())
    world.proxy.add(fault, seconds=0.0)
    worker.drain()
    world.assert_equal()


@kills_mutant("what AWS refuses taken for an outage")
@pytest.mark.parametrize("operation", ["PutObject", "PutItem"])
def test_what_aws_refuses_is_parked_and_holds_up_nobody(world: World, operation: str) -> None:
    sessions = [world.session(name=f"{number}") for number in range(12)]
    poison = sessions[0]
    code = "InvalidArgument" if operation == "PutObject" else "ValidationException"
    key = f"{poison.pk}"
    world.proxy.add(Fault.ERROR, operation, key=key, status=400, code=code)
    drained = worker.drain()
    assert (drained.mirrored, drained.backlog.pending, drained.backlog.parked) == (11, 0, 1)
    assert not Outage.objects.exists()
    assert world.entry(poison).error_code == code
    world.proxy.forget()
    worker.drain()
    assert world.proxy.requests == []  # what is parked is left alone until somebody acts
    world.proxy.calm()
    poison.save()  # as here: the author does
    world.assert_settles()


POISON: dict[str, tuple[dict[str, Any], str]] = {
    "number of 39 digits": ({"metrics": {"n": int("7" * 39)}}, "NumberTooManyDigits"),
    "number too large": ({"metrics": {"n": 10**126}}, "NumberOutOfRange"),
    "number too small": ({"metrics": {"n": 1e-131}}, "NumberOutOfRange"),
    "name of nothing": ({"metrics": {"n": [{"": 1}]}}, "EmptyName"),
    "nested too deep": ({"metrics": {"n": None}}, "NestedTooDeep"),
    "item too large": ({"metrics": {"n": "x" * 409_600}}, "ItemTooLarge"),
}
deep: list[Any] = []
for _ in range(40):
    deep = [deep]
POISON["nested too deep"][0]["metrics"]["n"] = deep


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
    world.assert_never_hidden()
    poison.metrics = {"n": 1}
    poison.save()
    world.assert_settles()


@kills_mutant("a back-off that does not grow")
def test_throttling_backs_off_longer_each_time_and_apart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "BUSY_IN_A_ROW", 10**6)  # the breaker has tests of its own
    for number in range(6):
        world.campaign(f"{number}")
    world.proxy.add(**LASTING["throttled"])
    for attempt in range(1, 11):
        now = timezone.now()
        world.attempt()
        entries = LedgerEntry.objects.filter(attempts=attempt)
        waits = [entry.next_attempt_at - now for entry in entries]
        longest = min(timedelta(seconds=2 ** (attempt - 1)), timedelta(minutes=5))
        assert len(waits) == 6
        assert all(longest / 2 <= wait <= longest + timedelta(seconds=20) for wait in waits)
        assert len(set(waits)) == 6  # what failed together does not come back together
        assert not LedgerEntry.objects.due().exists()
        LedgerEntry.objects.update(next_attempt_at=F("next_attempt_at") - longest)
    world.assert_settles()


@kills_mutant("no breaker")
def test_after_three_throttled_calls_in_a_row_one_probe_at_a_time(world: World) -> None:
    for number in range(30):
        world.campaign(f"{number}")
    world.proxy.add(**LASTING["throttled"])
    world.attempt()
    assert Outage.objects.open().get().error_code == "ProvisionedThroughputExceededException"
    assert len(world.proxy.requests) <= 4
    world.proxy.forget()
    for _ in range(5):
        world.attempt()
    assert len(world.proxy.requests) <= 1
    world.assert_settles()


def superseded_while_held(world: World) -> Session:
    """Return a session with a newer transcript than the one whose upload is held."""
    _, _, session = scenarios.filed(world)
    session.transcript_text = "MATT: held"
    session.save()
    world.proxy.add(Fault.HOLD, "PutObject", times=1)
    world.attempt_in_vain()
    session.transcript_text = "MATT: newest"
    session.save()
    return session


@kills_mutant("a removal never repeated")
def test_sweeps_do_not_spin(world: World) -> None:
    session = superseded_while_held(world)
    world.settle()
    assert world.entry(session).sweep_at
    world.proxy.forget()
    assert not worker.mirror_due()
    assert (worker._seconds_until_due() or 0) > 600
    worker.drain()  # asked for: one early sweep, which keeps the later one
    assert len(world.proxy.calls("DeleteObject")) == 1
    assert (worker._seconds_until_due() or 0) > 600
    world.pass_time()
    assert worker.mirror_due().total() == 1
    assert worker._seconds_until_due() is None
    world.assert_equal()


@kills_mutant("a refused removal given up")
def test_a_removal_that_aws_refuses_is_tried_again(world: World) -> None:
    session = superseded_while_held(world)
    world.settle_now()  # what was held lands after its removal
    world.proxy.add(Fault.ERROR, "DeleteObject", status=400, code="InvalidRequest")
    world.pass_time()
    world.attempt()
    entry = world.entry(session)
    assert (entry.state, entry.error_code, entry.attempts) == ("mirrored", "InvalidRequest", 1)
    world.assert_never_hidden()
    world.proxy.calm()
    assert 0 < (worker._seconds_until_due() or 0) <= 300  # a worker does it by itself
    worker.drain()
    world.assert_equal()
