"""Real processes: killed with SIGKILL between any two steps, or frozen past their lease."""

import pytest
from django.db import connection

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from sessions_app.models import Session
from tests.faults import scenarios
from tests.faults.children import Children
from tests.faults.comparison import differences
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Fault
from tests.faults.world import World

LATER = kills_mutant("a put that refuses its own revision")
STEPS = [
    *("record", "object put", "item put", "object removal"),
    pytest.param("acknowledgement", marks=LATER),
]
STEPS_OF_A_MOVE = [
    pytest.param("item put", marks=kills_mutant("acknowledged before it is written")),
    "tombstone",
    pytest.param("acknowledgement", marks=LATER),
]
WAYS = [
    *("AB", "ABA", "ABC"),
    pytest.param("AB-deleted", marks=kills_mutant("only the last key remembered")),
]


@kills_mutant("dispatched before the commit")
def test_killed_between_save_and_commit(world: World, children: Children) -> None:
    _, _, session = scenarios.filed(world)
    children.die("save and die before the commit", session=str(session.pk))
    session.refresh_from_db()
    assert session.name == "one"
    assert world.entry(session).state == "mirrored"
    assert world.proxy.requests == []
    world.assert_equal()


@kills_mutant("acknowledged before it is written")
@pytest.mark.parametrize("step", STEPS)
def test_killed_after_the_commit_in_the_request(
    world: World, children: Children, step: str
) -> None:
    _, _, session = scenarios.filed(world)
    children.die("save inline", step, session=str(session.pk))
    session.refresh_from_db()
    assert session.transcript_text == "MATT: new"
    assert world.entry(session).state == "pending"
    world.assert_settles()


@kills_mutant("acknowledged before it is written")
@pytest.mark.parametrize("step", STEPS)
def test_killed_in_a_drain(world: World, children: Children, step: str) -> None:
    _, _, session = scenarios.filed(world)
    session.transcript_text = "MATT: new"
    session.save()
    children.die("drain", step)
    assert world.entry(session).state == "pending"
    world.assert_settles()


@kills_mutant("only the last key remembered")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", STEPS_OF_A_MOVE)
def test_killed_in_the_middle_of_moves(
    world: World, children: Children, way: str, step: str
) -> None:
    a, b, session = scenarios.filed(world)
    campaigns = {"A": a, "B": b, "C": world.campaign("C")}
    world.settle()
    for name in way.partition("-")[0][1:]:
        session.campaign = campaigns[name]
        session.save()
        children.die("drain", step)
        world.expire_leases()
    if way.endswith("deleted"):
        session.delete()
        children.die("drain", "tombstone", nth=2)
    world.assert_settles()


@kills_mutant("a removal never repeated")
def test_killed_while_aws_is_asked(world: World, children: Children) -> None:
    _, _, session = scenarios.filed(world)
    session.transcript_text = "MATT: new"
    session.save()
    upload = world.proxy.add(Fault.STALL, "PutObject")
    child = children.start("drain")
    held = upload.wait()
    children.kill(child)
    session.transcript_text = "MATT: newer"
    session.save()
    world.expire_leases()
    world.settle_now()  # what the dead process sent lands after everything else
    assert held.landed
    assert held.key in world.raw.object_keys()
    world.pass_time()
    world.attempt()
    world.assert_equal()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("object put", marks=kills_mutant("late uploads forgotten")),
        pytest.param("item put", marks=kills_mutant("an unconditional put")),
        pytest.param("tombstone", marks=kills_mutant("an unconditional put")),
        pytest.param("object removal", marks=kills_mutant("acknowledgement without the claim")),
    ],
)
def test_frozen_past_its_lease_and_woken_again(world: World, children: Children, step: str) -> None:
    a, b, session = scenarios.filed(world)
    session.campaign, session.transcript_text = b, "MATT: old"
    session.save()
    child = children.freeze("drain", step, lease=0.5)
    wait_for_the_lease(session)
    session.campaign, session.transcript_text = a, "MATT: new"
    session.save()
    world.settle()
    world.assert_equal()
    children.thaw(child)  # passes its check of the lease unseen: the writes go out
    items = [found for found in differences(world.raw) if not found.startswith("object")]
    assert items == []  # at once; what was uploaded late is swept
    world.settle()
    world.assert_equal()
    session.transcript_text = "MATT: newest"
    session.save()
    world.assert_settles()  # the ledger has not forgotten what the others had written


@kills_mutant("an unconditional put")
def test_two_workers_on_500_rows_one_frozen(world: World, children: Children) -> None:
    count = 500
    Campaign.objects.bulk_create(
        Campaign(owner=world.owner, name=f"{number}") for number in range(count)
    )
    frozen = children.freeze("drain", "item put", lease=0.5, nth=5)
    claimed = list(LedgerEntry.objects.exclude(claim=None).values_list("object_id", flat=True))
    children.finish(children.start("sync"))
    assert LedgerEntry.objects.owed().count() == 0
    Campaign.objects.filter(pk__in=claimed).update(description="changed")
    world.settle()
    children.thaw(frozen)
    world.settle()
    world.assert_equal()
    assert len(world.raw.live()) == count


def wait_for_the_lease(session: Session) -> None:
    """Wait, by the database's clock, until the claim on this object has run out."""
    entry = LedgerEntry.objects.get(object_id=str(session.pk))
    assert entry.claimed_until
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_sleep(greatest(0, extract(epoch FROM %s - clock_timestamp())))",
            [entry.claimed_until],
        )
