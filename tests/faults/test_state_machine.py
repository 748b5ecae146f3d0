"""Random sequences of changes, crashes and faults: each ends with equal stores.

Hypothesis chooses the steps from the rules of a state machine. ``make test`` plays a few hundred
steps, the same each time; ``make soak`` plays thousands, new ones each time.
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
from tests.faults.frozen_worker import FrozenWorker
from tests.faults.mutants import kills_mutant
from tests.faults.protocol_steps import STEPS, SimulatedKill, before_step, simulate_kill
from tests.faults.proxy import Fault
from tests.faults.world import World
from tests.support import soak
from tests.support.factories import make_user

SETTINGS = settings(
    max_examples=soak.EXAMPLES or 6,
    stateful_step_count=40,
    derandomize=not soak.EXAMPLES,
    database=None,
    deadline=None,
    print_blob=True,
    phases=[Phase.generate, *([Phase.shrink] if os.environ.get("MIRROR_SHRINK") else [])],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
CALLS = ["PutItem", "PutObject", "DeleteObject"]
FAULTS: dict[str, dict[str, Any]] = {
    "connection dropped": {"fault": Fault.REFUSE},
    "held": {"fault": Fault.HOLD},
    "answer lost": {"fault": Fault.LOSE_ANSWER},
    "cut": {"fault": Fault.CUT},
    "throttled": {"fault": Fault.ERROR, "status": 400, "code": "ThrottlingException"},
    "slow down": {"fault": Fault.ERROR, "status": 503, "code": "SlowDown"},
    "expired credentials": {"fault": Fault.ERROR, "status": 400, "code": "ExpiredTokenException"},
    "invalid": {"fault": Fault.ERROR, "status": 400, "code": "ValidationException"},
}
texts = st.sampled_from(["", "MATT: one", "LAURA: two", "SAM: three"])
indexes = st.integers(0, 5)
MAX_ROWS = 3  # of each model: few, so that many steps concern the same row


class MirrorMachine(RuleBasedStateMachine):
    """Users, workers and a faulty network, all at the same time."""

    world: ClassVar[World]
    users: ClassVar[list[User]]

    def __init__(self) -> None:
        super().__init__()
        self.frozen: FrozenWorker | None = None
        self.deleted: list[uuid.UUID] = []  # the ids of deleted sessions
        clear(self.world)
        for user in self.users:
            self.world.session(self.world.campaign(owner=user), owner=user)
        worker.drain()

    # Users

    def campaign(self, index: int) -> Campaign | None:
        campaigns = list(Campaign.objects.order_by("name", "pk"))
        return campaigns[index % len(campaigns)] if campaigns else None

    def session(self, index: int) -> Session | None:
        sessions = list(Session.objects.order_by("audio_storage_key"))
        return sessions[index % len(sessions)] if sessions else None

    @precondition(lambda self: Campaign.objects.count() < MAX_ROWS)
    @rule(user=indexes)
    def create_campaign(self, user: int) -> None:
        owner = self.users[user % 2]
        self.world.campaign(f"{Campaign.objects.count()}", owner=owner)

    @precondition(lambda self: Session.objects.count() < MAX_ROWS)
    @rule(index=indexes, text=texts)
    def create_session(self, index: int, text: str) -> None:
        order = f"{Session.objects.count():04}-{len(self.deleted):04}"
        self.world.session(self.campaign(index), transcript_text=text, audio_storage_key=order)

    @precondition(lambda self: self.deleted)
    @rule(index=indexes)
    def create_deleted_session_again(self, index: int) -> None:
        key = self.deleted.pop(index % len(self.deleted))
        self.world.session(self.campaign(index), id=key, audio_storage_key=f"{key}")

    @rule(index=indexes, text=texts, notes=st.sampled_from(["", "short", "n" * 52_000]))
    def edit(self, index: int, text: str, notes: str) -> None:
        if session := self.session(index):
            session.transcript_text, session.notes = text, notes
            session.save()

    @rule(index=indexes, where=indexes)
    def move(self, index: int, where: int) -> None:
        if session := self.session(index):
            session.campaign = self.campaign(where) if where else None
            session.save()

    @rule(index=indexes)
    def hand_over(self, index: int) -> None:
        if session := self.session(index):
            session.owner = self.other_user(session.owner)
            session.save()
        if campaign := self.campaign(index):
            campaign.owner = self.other_user(campaign.owner)
            campaign.save()

    def other_user(self, user: User) -> User:
        first, second = self.users
        return second if user == first else first

    @rule(index=indexes)
    def delete_session(self, index: int) -> None:
        if session := self.session(index):
            self.deleted.append(session.pk)
            session.delete()

    @rule(index=indexes)
    def delete_campaign(self, index: int) -> None:
        if campaign := self.campaign(index):
            campaign.delete()

    @rule(how=st.sampled_from(["bulk update", "raw update", "backfill"]), text=texts)
    def change_all(self, how: str, text: str) -> None:
        """Change all rows at once. One rule only, as it repairs whatever went wrong before."""
        if how == "bulk update":
            Session.objects.update(summary=text, transcript_text=text)
        elif how == "backfill":
            backfill.enqueue_all()
        else:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE campaigns_campaign SET description = description || 'x'")
                cursor.execute(
                    "UPDATE sessions_app_session SET campaign_id = NULL WHERE notes = ''"
                )

    # Workers

    @rule(reset_backoff=st.booleans())
    def attempt(self, reset_backoff: bool) -> None:
        if reset_backoff:
            self.world.reset_backoff()
        self.world.attempt()

    @rule(step=st.sampled_from(sorted(STEPS)), nth=st.integers(1, 4))
    def attempt_and_crash(self, step: str, nth: int) -> None:
        self.world.reset_backoff()
        try:
            with before_step(step, simulate_kill, nth=nth):
                worker.mirror_due()
        except SimulatedKill:
            self.world.expire_leases()

    @precondition(lambda self: self.frozen is None)
    @rule(step=st.sampled_from(sorted(STEPS)))
    def freeze(self, step: str) -> None:
        self.world.reset_backoff()
        self.frozen = FrozenWorker(step)
        self.world.expire_leases()

    @precondition(lambda self: self.frozen is not None)
    @rule()
    def thaw(self) -> None:
        if self.frozen:
            frozen, self.frozen = self.frozen, None
            frozen.thaw()

    @precondition(lambda self: self.frozen is None)
    @rule(
        step=st.sampled_from(sorted(STEPS)),
        index=indexes,
        where=indexes,
        text=texts,
        second_worker=st.booleans(),
    )
    def overtake(self, step: str, index: int, where: int, text: str, second_worker: bool) -> None:
        """A worker freezes, the row changes, perhaps a second worker mirrors it, then it thaws."""
        self.edit(index, text, "")
        self.freeze(step)
        self.move(index, where)
        if second_worker:
            self.attempt(reset_backoff=True)
        self.thaw()

    # The network

    @rule(
        fault=st.sampled_from(sorted(FAULTS)),
        operation=st.sampled_from(CALLS),
        skip=st.integers(0, 2),
        times=st.integers(1, 3),
    )
    def add_fault(self, fault: str, operation: str, skip: int, times: int) -> None:
        self.world.proxy.add(**FAULTS[fault], operation=operation, skip=skip, times=times)

    @rule(operation=st.sampled_from(CALLS), index=indexes, text=texts)
    def hold_request(self, operation: str, index: int, text: str) -> None:
        """A worker gives up waiting for a request, which lands later or never."""
        self.world.proxy.add(Fault.HOLD, operation, times=1)
        self.edit(index, text, "")
        self.world.reset_backoff()
        self.world.attempt_and_reset_backoff()

    @rule()
    def stop_faults(self) -> None:
        self.world.proxy.stop_faults()

    @rule()
    def release_held(self) -> None:
        self.world.proxy.release()

    @precondition(lambda self: self.frozen is None)
    @rule()
    def pass_time(self) -> None:
        self.world.proxy.release()  # AWS refuses requests that are older than that
        self.world.pass_time()

    @rule(drop_held=st.booleans())
    def settle_and_compare(self, drop_held: bool) -> None:
        """End all faults for a moment: a drain must then make all stores equal.

        With ``drop_held`` the held requests are lost; otherwise they land before the drain.
        """
        self.thaw()
        self.world.proxy.stop_faults()
        if drop_held:
            self.world.proxy.drop_held()
        self.world.assert_no_silent_difference()
        self.world.reset_backoff()
        self.world.assert_settles()

    def teardown(self) -> None:
        self.settle_and_compare(drop_held=False)


def clear(world: World) -> None:
    """Remove all rows, entries, outages, items, objects and faults."""
    world.proxy.reset()
    for model in (Session, Campaign, LedgerEntry, Outage):
        model._base_manager.all().delete()
    world.reset_backoff()
    world.raw.empty()


@kills_mutant("failures acknowledged")
@pytest.mark.timeout(300 if not soak.EXAMPLES else 4 * 3600)
def test_any_order_of_events_ends_with_equal_stores(world: World) -> None:
    MirrorMachine.world = world
    MirrorMachine.users = [world.owner, make_user("other")]
    run_state_machine_as_test(MirrorMachine, settings=SETTINGS)
