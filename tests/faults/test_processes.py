"""Real processes, killed with SIGKILL before any step, or frozen with SIGSTOP past their lease."""

import pytest
from django.db import connection

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from sessions_app.models import Session
from tests.faults.child_processes import ChildProcesses
from tests.faults.comparison import differences
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Fault
from tests.faults.scenarios import filed_session
from tests.faults.world import World

AFTER_THE_PUT = kills_mutant("put refuses an equal revision")
STEPS = [
    *("record", "object put", "item put", "object removal"),
    pytest.param("acknowledgement", marks=AFTER_THE_PUT),
]
STEPS_OF_A_MOVE = [
    pytest.param("item put", marks=kills_mutant("acknowledgement before the write")),
    "tombstone",
    pytest.param("acknowledgement", marks=AFTER_THE_PUT),
]
MOVES = [
    *("AB", "ABA", "ABC"),
    pytest.param("AB-deleted", marks=kills_mutant("only the last key recorded")),
]


@kills_mutant("dispatch before the commit")
def test_a_process_killed_between_save_and_commit_leaves_no_trace(
    world: World, children: ChildProcesses
) -> None:
    _, _, session = filed_session(world)
    children.run_until_killed("save and die before the commit", session=str(session.pk))
    session.refresh_from_db()
    assert session.name == "one"
    assert world.entry(session).state == "mirrored"
    assert world.proxy.requests == []
    world.assert_equal()


@kills_mutant("acknowledgement before the write")
@pytest.mark.parametrize("step", STEPS)
def test_a_request_killed_after_the_commit_leaves_the_row_pending(
    world: World, children: ChildProcesses, step: str
) -> None:
    _, _, session = filed_session(world)
    children.run_until_killed("save inline", step, session=str(session.pk))
    session.refresh_from_db()
    assert session.transcript_text == "MATT: new"
    assert world.entry(session).state == "pending"
    world.assert_settles()


@kills_mutant("acknowledgement before the write")
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_leaves_the_row_pending(
    world: World, children: ChildProcesses, step: str
) -> None:
    _, _, session = filed_session(world)
    session.transcript_text = "MATT: new"
    session.save()
    children.run_until_killed("mirror due rows", step)
    assert world.entry(session).state == "pending"
    world.assert_settles()


@kills_mutant("only the last key recorded")
@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("step", STEPS_OF_A_MOVE)
def test_moves_whose_workers_are_killed_leave_no_orphans(
    world: World, children: ChildProcesses, move: str, step: str
) -> None:
    a, b, session = filed_session(world)
    campaigns = {"A": a, "B": b, "C": world.campaign("C")}
    world.settle()
    for name in move.partition("-")[0][1:]:
        session.campaign = campaigns[name]
        session.save()
        children.run_until_killed("mirror due rows", step)
        world.expire_leases()
    if move.endswith("deleted"):
        session.delete()
        children.run_until_killed("mirror due rows", "tombstone", nth=2)
    world.assert_settles()


@kills_mutant("removal never repeated")
def test_an_upload_of_a_killed_worker_that_lands_late_is_removed(
    world: World, children: ChildProcesses
) -> None:
    _, _, session = filed_session(world)
    session.transcript_text = "MATT: new"
    session.save()
    upload = world.proxy.add(Fault.STALL, "PutObject")
    child = children.start("mirror due rows")
    held = upload.wait_for_request()
    children.kill(child)
    session.transcript_text = "MATT: newer"
    session.save()
    world.expire_leases()
    world.settle_before_release()  # the upload of the dead process lands after everything else
    assert held.landed
    assert held.key in world.raw.object_keys()
    world.pass_time()
    world.attempt()
    world.assert_equal()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("object put", marks=kills_mutant("late uploads forgotten")),
        pytest.param("item put", marks=kills_mutant("unconditional put")),
        pytest.param("tombstone", marks=kills_mutant("unconditional put")),
        pytest.param("object removal", marks=kills_mutant("acknowledgement ignores the claim")),
    ],
)
def test_a_worker_that_thaws_after_its_lease_does_no_harm(
    world: World, children: ChildProcesses, step: str
) -> None:
    a, b, session = filed_session(world)
    session.campaign, session.transcript_text = b, "MATT: old"
    session.save()
    child = children.run_until_frozen("mirror due rows", step, lease=0.5)
    wait_until_lease_ends(session)
    session.campaign, session.transcript_text = a, "MATT: new"
    session.save()
    world.settle()
    world.assert_equal()
    children.thaw(child)  # it has checked its lease before it froze, so it writes
    about_items = [text for text in differences(world.raw) if not text.startswith("object")]
    assert about_items == []  # at once; an object that was uploaded late is swept
    world.settle()
    world.assert_equal()
    session.transcript_text = "MATT: newest"
    session.save()
    world.assert_settles()  # the ledger still knows the keys that the other worker wrote


@kills_mutant("unconditional put")
def test_two_workers_one_of_them_frozen_mirror_500_rows(
    world: World, children: ChildProcesses
) -> None:
    count = 500
    Campaign.objects.bulk_create(
        Campaign(owner=world.owner, name=f"{number}") for number in range(count)
    )
    frozen = children.run_until_frozen("mirror due rows", "item put", lease=0.5, nth=5)
    claimed = list(LedgerEntry.objects.exclude(claim=None).values_list("object_id", flat=True))
    children.wait_for_success(children.start("drain"))
    assert LedgerEntry.objects.owed().count() == 0
    Campaign.objects.filter(pk__in=claimed).update(description="changed")
    world.settle()
    children.thaw(frozen)
    world.settle()
    world.assert_equal()
    assert len(world.raw.live_items()) == count


def wait_until_lease_ends(session: Session) -> None:
    """Wait, by the database's clock, until the lease of this row has run out."""
    entry = LedgerEntry.objects.get(object_id=str(session.pk))
    assert entry.claimed_until
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_sleep(greatest(0, extract(epoch FROM %s - clock_timestamp())))",
            [entry.claimed_until],
        )
