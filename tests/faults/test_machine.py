"""Chance as an adversary: any order of changes, crashes and faults ends with equal stores.

``make test`` plays a few hundred steps that are the same each time; ``make soak`` plays thousands
of new ones.
"""

from __future__ import annotations

import os
import uuid
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaigns.models import Campaign
from mirror.models import LedgerEntry, Outage
from mirror.sync import backfill, worker
from sessions_app.models import Session
from tests.conftest import Make
from tests.faults.frozen import FrozenWorker
from tests.faults.mutants import kills_mutant
from tests.faults.points import POINTS, Killed, before, die
from tests.faults.proxy import Fault
from tests.faults.world import World

SOAK = int(os.environ.get("MIRROR_SOAK_EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=SOAK or 10,
    stateful_step_count=40,
    derandomize=not SOAK,
    database=None,
    deadline=None,
    print_blob=True,
    phases=[Phase.generate, *([Phase.shrink] if os.environ.get("MIRROR_SHRINK") else [])],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
CALLS = ["PutItem", "PutObject", "DeleteObject"]
FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"fault": Fault.REFUSE},
    "held": {"fault": Fault.HOLD},
    "answer lost": {"fault": Fault.LOSE_ANSWER},
    "cut": {"fault": Fault.CUT},
    "throttled": {"fault": Fault.ERROR, "status": 400, "code": "ThrottlingException"},
    "stumbles": {"fault": Fault.ERROR, "status": 503, "code": "SlowDown"},
    "expired": {"fault": Fault.ERROR, "status": 400, "code": "ExpiredTokenException"},
    "refuses": {"fault": Fault.ERROR, "status": 400, "code": "ValidationException"},
}
texts = st.sampled_from(["", "MATT: one", "LAURA: two", "SAM: three"])
number = st.integers(0, 5)
FEW = 3  # objects of a kind: what happens shall happen to the same ones


class Mirror(RuleBasedStateMachine):
    """People, workers and networks, all at once."""

    world: ClassVar[World]
    people: ClassVar[list[User]]

    def __init__(self) -> None:
        super().__init__()
        self.frozen: FrozenWorker | None = None
        self.gone: list[uuid.UUID] = []
        clear(self.world)
        for person in self.people:
            self.world.session(self.world.campaign(owner=person), owner=person)
        worker.drain()

    # People

    def campaign(self, index: int) -> Campaign | None:
        campaigns = list(Campaign.objects.order_by("name", "pk"))
        return campaigns[index % len(campaigns)] if campaigns else None

    def session(self, index: int) -> Session | None:
        sessions = list(Session.objects.order_by("audio_storage_key"))
        return sessions[index % len(sessions)] if sessions else None

    @precondition(lambda self: Campaign.objects.count() < FEW)
    @rule(person=number)
    def new_campaign(self, person: int) -> None:
        owner = self.people[person % 2]
        self.world.campaign(f"{Campaign.objects.count()}", owner=owner)

    @precondition(lambda self: Session.objects.count() < FEW)
    @rule(index=number, text=texts)
    def new_session(self, index: int, text: str) -> None:
        count = f"{Session.objects.count():04}-{len(self.gone):04}"
        self.world.session(self.campaign(index), transcript_text=text, audio_storage_key=count)

    @precondition(lambda self: self.gone)
    @rule(index=number)
    def bring_back(self, index: int) -> None:
        key = self.gone.pop(index % len(self.gone))
        self.world.session(self.campaign(index), id=key, audio_storage_key=f"{key}")

    @rule(index=number, text=texts, notes=st.sampled_from(["", "short", "n" * 52_000]))
    def edit(self, index: int, text: str, notes: str) -> None:
        if session := self.session(index):
            session.transcript_text, session.notes = text, notes
            session.save()

    @rule(index=number, where=number)
    def move(self, index: int, where: int) -> None:
        if session := self.session(index):
            session.campaign = self.campaign(where) if where else None
            session.save()

    @rule(index=number)
    def hand_over(self, index: int) -> None:
        if session := self.session(index):
            session.owner = self.people[session.owner == self.people[0]]
            session.save()
        if campaign := self.campaign(index):
            campaign.owner = self.people[campaign.owner == self.people[0]]
            campaign.save()

    @rule(index=number)
    def delete_session(self, index: int) -> None:
        if session := self.session(index):
            self.gone.append(session.pk)
            session.delete()

    @rule(index=number)
    def delete_campaign(self, index: int) -> None:
        if campaign := self.campaign(index):
            campaign.delete()

    @rule(what=st.sampled_from(["bulk update", "raw update", "backfill"]), text=texts)
    def touch_many(self, what: str, text: str) -> None:
        """Change everything at once: rare, as it mends whatever went wrong before."""
        if what == "bulk update":
            Session.objects.update(summary=text, transcript_text=text)
        elif what == "backfill":
            backfill.enqueue_all()
        else:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE campaigns_campaign SET description = description || 'x'")
                cursor.execute(
                    "UPDATE sessions_app_session SET campaign_id = NULL WHERE notes = ''"
                )

    # Workers

    @rule(again=st.booleans())
    def work(self, again: bool) -> None:
        if again:
            self.world.forgive()
        self.world.attempt()

    @rule(point=st.sampled_from(sorted(POINTS)), nth=st.integers(1, 4))
    def die_at_work(self, point: str, nth: int) -> None:
        self.world.forgive()
        try:
            with before(point, die, nth=nth):
                worker.mirror_due()
        except Killed:
            self.world.expire_leases()

    @precondition(lambda self: self.frozen is None)
    @rule(point=st.sampled_from(sorted(POINTS)))
    def freeze(self, point: str) -> None:
        self.world.forgive()
        self.frozen = FrozenWorker(point)
        self.world.expire_leases()

    @precondition(lambda self: self.frozen is not None)
    @rule()
    def thaw(self) -> None:
        if self.frozen:
            worker, self.frozen = self.frozen, None
            worker.thaw()

    @precondition(lambda self: self.frozen is None)
    @rule(
        point=st.sampled_from(sorted(POINTS)),
        index=number,
        where=number,
        text=texts,
        others=st.booleans(),
    )
    def overtake(self, point: str, index: int, where: int, text: str, others: bool) -> None:
        """A worker freezes, the object changes, perhaps another worker mirrors it, then thaw."""
        self.edit(index, text, "")
        self.freeze(point)
        self.move(index, where)
        if others:
            self.work(again=True)
        self.thaw()

    # Networks

    @rule(
        fault=st.sampled_from(sorted(FAULTS)),
        operation=st.sampled_from(CALLS),
        skip=st.integers(0, 2),
        times=st.integers(1, 3),
    )
    def trouble(self, fault: str, operation: str, skip: int, times: int) -> None:
        self.world.proxy.add(**FAULTS[fault], operation=operation, skip=skip, times=times)

    @rule(operation=st.sampled_from(CALLS), index=number, text=texts)
    def delay(self, operation: str, index: int, text: str) -> None:
        """A request of a worker that gives up will land some day, or never."""
        self.world.proxy.add(Fault.HOLD, operation, times=1)
        self.edit(index, text, "")
        self.world.forgive()
        self.world.attempt_in_vain()

    @rule()
    def calm(self) -> None:
        self.world.proxy.calm()

    @rule()
    def land(self) -> None:
        self.world.proxy.release()

    @precondition(lambda self: self.frozen is None)
    @rule()
    def pass_time(self) -> None:
        self.world.proxy.release()  # AWS accepts nothing that old
        self.world.pass_time()

    @rule(drop=st.booleans())
    def compare(self, drop: bool) -> None:
        """End all trouble for a moment: everything must come right, then and there.

        ``drop``: what is held is lost for good, and does not land first.
        """
        self.thaw()
        self.world.proxy.calm()
        if drop:
            self.world.proxy.lose()
        self.world.assert_never_hidden()
        self.world.forgive()
        self.world.assert_settles()

    def teardown(self) -> None:
        self.compare(drop=False)


def clear(world: World) -> None:
    """Begin anew, with nothing anywhere."""
    world.proxy.reset()
    for model in (Session, Campaign, LedgerEntry, Outage):
        model._base_manager.all().delete()
    LedgerEntry.objects.all().delete()
    world.forgive()
    world.raw.empty()


@kills_mutant("a failure taken for success")
@pytest.mark.timeout(300 if not SOAK else 4 * 3600)
def test_any_order_of_events_ends_equal(world: World, make_user: Make) -> None:
    Mirror.world = world
    Mirror.people = [world.owner, make_user("other")]
    run_state_machine_as_test(Mirror, settings=SETTINGS)
