"""What may go wrong, step by step: each function plays one row of the fault table and asserts.

Tests run them against the engine, and against broken engines (``mutants.py``), where they must
fail.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from django.db import connection

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.faults.points import before
from tests.faults.proxy import WAIT, Fault
from tests.faults.world import World


def filed(world: World) -> tuple[Campaign, Campaign, Session]:
    """Return two campaigns and a session filed in the first, all mirrored."""
    a, b = world.campaign("A"), world.campaign("B")
    session = world.session(a)
    world.settle()
    world.proxy.forget()
    return a, b, session


def two_saves_mirrored_out_of_order(world: World) -> None:
    """The put of the first save lands after that of the second."""
    _, _, session = filed(world)
    session.name = "first"
    session.save()
    first = world.proxy.add(Fault.HOLD, "PutItem", times=1)
    world.attempt_in_vain()
    session.name = "second"
    session.save()
    world.settle_now()
    assert first.wait().revision is not None
    assert first.wait().landed
    world.assert_equal()


def a_put_lands_after_the_deletion(world: World) -> None:
    """A put is held, its worker gives up, the object is deleted; then the put lands."""
    _, _, session = filed(world)
    session.name = "held"
    session.save()
    put = world.proxy.add(Fault.HOLD, "PutItem", times=1)
    world.attempt_in_vain()
    session.delete()
    world.settle_now()
    assert put.wait().landed
    world.assert_equal()


def a_save_while_it_is_mirrored(world: World) -> None:
    """The object changes between the put and its acknowledgement."""
    _, _, session = filed(world)
    session.name = "first"
    session.save()

    def save_again() -> None:
        Session.objects.filter(pk=session.pk).update(name="second")

    with before("acknowledgement", save_again):
        world.attempt()
    world.assert_never_hidden()
    world.assert_settles()


def a_to_b_to_c(world: World) -> None:
    """Each move dies right after its put, so that items stand under three keys."""
    _, b, session = filed(world)
    c = world.campaign("C")
    world.settle()
    for campaign in (b, c):
        session.campaign = campaign
        session.save()
        world.crash("tombstone")
    assert len([key for key in world.raw.live() if str(session.pk) in key]) == 3
    world.assert_settles()
    live = [key for key in world.raw.live() if str(session.pk) in key]
    assert live == [f"camp#{c.pk} sess#{session.pk}"]


def a_to_b_to_a(world: World) -> None:
    """There and back again, dying in between."""
    a, b, session = filed(world)
    for campaign in (b, a):
        session.campaign = campaign
        session.save()
        world.crash("tombstone")
    world.assert_settles()


def a_move_then_deletion(world: World) -> None:
    """Moved, died in the middle, deleted: nothing may stay under either key."""
    _, b, session = filed(world)
    session.campaign = b
    session.save()
    world.crash("tombstone")
    session.delete()
    world.assert_settles()
    assert not [key for key in world.raw.live() if f"sess#{session.pk}" in key]


def a_save_of_what_a_hanging_drain_holds(world: World) -> None:
    """AWS hangs on the very session that its author saves: the save does not wait."""
    _, _, session = filed(world)
    session.name = "hangs"
    session.save()
    put = world.proxy.add(Fault.STALL, "PutItem", times=1)
    with in_thread(world.attempt):
        put.wait()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")  # waiting for the drain is the failure
        try:
            session.name = "saved meanwhile"
            session.save()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 0")
            world.proxy.release(put)
    world.forgive()
    world.assert_settles()


def an_upload_lands_after_its_removal(world: World) -> None:
    """An upload is held, tried again with success, superseded, removed; then it lands."""
    _, _, session = filed(world)
    session.transcript_text = "MATT: held"
    session.save()
    upload = world.proxy.add(Fault.HOLD, "PutObject", times=1)
    world.attempt_in_vain()
    world.attempt()
    assert world.entry(session).state == "mirrored"
    session.transcript_text = "MATT: newest"
    session.save()
    world.attempt()
    assert world.entry(session).state == "mirrored"
    held = upload.wait()
    assert held.key not in world.raw.object_keys()
    world.proxy.release()
    assert held.key in world.raw.object_keys()
    world.pass_time()
    world.attempt()
    world.assert_equal()
    assert world.entry(session).sweep_at is None


def a_removal_lands_after_the_content_is_back(world: World) -> None:
    """The removal of a transcript is held, the transcript is used again; then it lands."""
    _, _, session = filed(world)
    session.transcript_text = "MATT: other"
    session.save()
    removal = world.proxy.add(Fault.HOLD, "DeleteObject", times=1)
    world.attempt_in_vain()
    session.transcript_text = "MATT: hello"
    session.save()
    world.settle_now()
    assert removal.wait().landed
    world.assert_equal()


class in_thread:  # noqa: N801 - reads as what it does
    """Runs something beside the block, and ends it with the block; its errors are raised."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001 - raised again where the block ends
            self.error = error
        finally:
            connection.close()

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.thread.join(WAIT)
        assert not self.thread.is_alive()
        if kind is None and self.error:
            raise self.error
