"""Scenarios: what can go wrong, step by step. Each function plays one case and asserts its end.

``test_scenarios.py`` plays them against moto, ``test_other_stores.py`` against other emulators, and
``test_mutants.py`` against broken engines, with which they must fail.
"""

from __future__ import annotations

from django.db import connection

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.faults.protocol_steps import before_step
from tests.faults.proxy import Fault
from tests.faults.threads import running_in_thread
from tests.faults.world import Scenario, World


def filed_session(world: World) -> tuple[Campaign, Campaign, Session]:
    """Return two campaigns A and B, and a session in A. All three are mirrored."""
    a, b = world.campaign("A"), world.campaign("B")
    session = world.session(a)
    world.settle()
    world.proxy.clear_log()
    return a, b, session


def two_saves_mirrored_out_of_order(world: World) -> None:
    """The put of the first save lands after that of the second."""
    _, _, session = filed_session(world)
    session.name = "first"
    session.save()
    first = world.proxy.add(Fault.HOLD, "PutItem", times=1)
    world.attempt_and_reset_backoff()
    session.name = "second"
    session.save()
    world.settle_before_release()
    assert first.wait_for_request().revision is not None
    assert first.wait_for_request().landed
    world.assert_equal()


def a_put_lands_after_the_deletion(world: World) -> None:
    """A put is held, its worker gives up, the row is deleted; then the put lands."""
    _, _, session = filed_session(world)
    session.name = "held"
    session.save()
    put = world.proxy.add(Fault.HOLD, "PutItem", times=1)
    world.attempt_and_reset_backoff()
    session.delete()
    world.settle_before_release()
    assert put.wait_for_request().landed
    world.assert_equal()


def a_save_during_the_attempt(world: World) -> None:
    """The row changes between the put and its acknowledgement."""
    _, _, session = filed_session(world)
    session.name = "first"
    session.save()

    def save_again() -> None:
        Session.objects.filter(pk=session.pk).update(name="second")

    with before_step("acknowledgement", save_again):
        world.attempt()
    world.assert_no_silent_difference()
    world.assert_settles()


def a_to_b_to_c(world: World) -> None:
    """The worker dies right after the put of each move, so that three keys have an item."""
    _, b, session = filed_session(world)
    c = world.campaign("C")
    world.settle()
    for campaign in (b, c):
        session.campaign = campaign
        session.save()
        world.attempt_and_crash("tombstone")
    assert len([key for key in world.raw.live_items() if str(session.pk) in key]) == 3
    world.assert_settles()
    live = [key for key in world.raw.live_items() if str(session.pk) in key]
    assert live == [f"camp#{c.pk} sess#{session.pk}"]


def a_to_b_to_a(world: World) -> None:
    """A session moves to B and back to A; the worker dies right after the put of each move."""
    a, b, session = filed_session(world)
    for campaign in (b, a):
        session.campaign = campaign
        session.save()
        world.attempt_and_crash("tombstone")
    world.assert_settles()


def a_move_then_deletion(world: World) -> None:
    """The worker dies in the middle of a move, then the row is deleted: no item may be left."""
    _, b, session = filed_session(world)
    session.campaign = b
    session.save()
    world.attempt_and_crash("tombstone")
    session.delete()
    world.assert_settles()
    assert not [key for key in world.raw.live_items() if f"sess#{session.pk}" in key]


def a_save_of_a_row_that_a_hanging_worker_has_claimed(world: World) -> None:
    """AWS hangs while the worker mirrors a session: saving the same session does not wait."""
    _, _, session = filed_session(world)
    session.name = "hangs"
    session.save()
    put = world.proxy.add(Fault.STALL, "PutItem", times=1)
    with running_in_thread(world.attempt):
        put.wait_for_request()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")  # waiting for the worker is the failure
        try:
            session.name = "saved meanwhile"
            session.save()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 0")
            world.proxy.release(put)
    world.reset_backoff()
    world.assert_settles()


def an_upload_lands_after_its_removal(world: World) -> None:
    """An upload is held, repeated with success, superseded and removed; then it lands."""
    _, _, session = filed_session(world)
    session.transcript_text = "MATT: held"
    session.save()
    upload = world.proxy.add(Fault.HOLD, "PutObject", times=1)
    world.attempt_and_reset_backoff()
    world.attempt()
    assert world.entry(session).state == "mirrored"
    session.transcript_text = "MATT: newest"
    session.save()
    world.attempt()
    assert world.entry(session).state == "mirrored"
    held = upload.wait_for_request()
    assert held.key not in world.raw.object_keys()
    world.proxy.release()
    assert held.key in world.raw.object_keys()
    world.pass_time()
    world.attempt()
    world.assert_equal()
    assert world.entry(session).sweep_at is None


def a_removal_lands_after_the_content_is_back(world: World) -> None:
    """The removal of a transcript is held, its text comes back; then the removal lands."""
    _, _, session = filed_session(world)
    session.transcript_text = "MATT: other"
    session.save()
    removal = world.proxy.add(Fault.HOLD, "DeleteObject", times=1)
    world.attempt_and_reset_backoff()
    session.transcript_text = "MATT: hello"
    session.save()
    world.settle_before_release()
    assert removal.wait_for_request().landed
    world.assert_equal()


MUTANT_KILLED_BY: dict[Scenario, str] = {
    two_saves_mirrored_out_of_order: "unconditional put",
    a_put_lands_after_the_deletion: "physical delete",
    a_save_during_the_attempt: "acknowledgement ignores the revision",
    a_to_b_to_a: "only the last key recorded",
    a_to_b_to_c: "only the last key recorded",
    a_move_then_deletion: "only the last key recorded",
    a_save_of_a_row_that_a_hanging_worker_has_claimed: "lock held across the network call",
    an_upload_lands_after_its_removal: "repeated upload forgotten",
    a_removal_lands_after_the_content_is_back: "object reused during its removal",
}
