"""The losses: each function does what goes wrong, and leaves AWS and PostgreSQL well."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.db.models.signals import post_save

from mirror.models import LedgerEntry
from sessions_app.models import Session
from tests.faults.proxy import Fault, Proxy
from tests.losses.ways import Way
from tests.support.factories import make_session, make_sessions


@dataclass
class Scene:
    """A session that is mirrored, the way that did it, and the network to AWS."""

    way: Way
    proxy: Proxy
    owner: User
    session: Session

    def rename(self, name: str) -> None:
        """Save the session under another name, as a form does."""
        self.session.name = name
        self.session.save()


@contextmanager
def before_the_signal(act: Callable[[Session], None]) -> Iterator[None]:
    """Call ``act`` whenever a session is saved and committed, and its signal not yet sent."""
    send = post_save.send

    def act_and_send(sender: Any, **named: Any) -> Any:
        if sender is Session:
            act(named["instance"])
        return send(sender, **named)

    with mock.patch.object(post_save, "send", act_and_send):
        yield


def nothing(scene: Scene) -> None:
    scene.rename("two")
    make_session(scene.owner).delete()


def refused(scene: Scene) -> None:
    scene.proxy.add(Fault.ERROR, "PutItem", status=500)
    scene.rename("two")
    scene.way.attempt()
    scene.proxy.stop_faults()


def killed(scene: Scene) -> None:
    connections.close_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: the child saves one row
        child = os.fork()
    if not child:
        try:
            # Without the event loop of browser tests, which no fork takes along, this thread has
            # a connection from before them. It is the parent's, so it is not closed here.
            connections["default"].connection = None
            with before_the_signal(lambda _: os.kill(os.getpid(), signal.SIGKILL)):
                scene.rename("two")
        finally:
            os._exit(1)  # whatever happens, the child never goes on as a second run of the tests
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert Session.objects.get().name == "two"


def rolled_back(scene: Scene) -> None:
    with transaction.atomic():
        scene.rename("never")
        transaction.set_rollback(True)


def updated(scene: Scene) -> None:
    Session.objects.filter(pk=scene.session.pk).update(name="two")


def bulk_updated(scene: Scene) -> None:
    scene.session.name = "two"
    Session.objects.bulk_update([scene.session], ["name"])


def bulk_created(scene: Scene) -> None:
    make_sessions(scene.owner, 3)


def raw_sql(scene: Scene) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sessions_app_session SET name = 'two'")


def set_null(scene: Scene) -> None:
    assert scene.session.campaign
    scene.session.campaign.delete()
    assert Session.objects.get().campaign is None


def late_put(scene: Scene) -> None:
    scene.proxy.add(Fault.HOLD, "PutItem", times=1)  # the caller sees a broken connection
    scene.rename("two")
    scene.way.attempt()
    scene.proxy.stop_faults()
    scene.session.delete()
    scene.way.deliver()
    scene.proxy.release()


def reordered(scene: Scene) -> None:
    def save_newer() -> None:
        newer = Session.objects.get()
        newer.name = "newer"
        newer.save()
        connection.close()

    def another_writer(instance: Session) -> None:
        if instance is scene.session:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(save_newer).result()

    with before_the_signal(another_writer):
        scene.rename("older")
    assert Session.objects.get().name == "newer"


def too_large(scene: Scene) -> None:
    make_session(scene.owner, notes="n" * 500_000)
    scene.way.attempt()
    scene.rename("two")


def restored(scene: Scene) -> None:
    rows = list(Session.objects.values())
    ledger = list(LedgerEntry.objects.values())
    scene.rename("two")
    scene.way.deliver()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sessions_app_session")
    Session.objects.bulk_create(Session(**row) for row in rows)
    LedgerEntry.objects.all().delete()
    LedgerEntry.objects.bulk_create(LedgerEntry(**entry) for entry in ledger)


def changed_in_the_table(scene: Scene) -> None:
    scene.way.empty_table()


KEPT, LOST, REPAIRED = "kept", "**lost**", "found, then repaired"


@dataclass(frozen=True)
class Loss:
    """What goes wrong, and what becomes of it in each way."""

    title: str
    happen: Callable[[Scene], None]
    by_signal: str
    by_outbox: str
    by_mirror: str = KEPT

    @property
    def claims(self) -> tuple[str, str, str]:
        """What the page claims, in the order of ``WAYS``."""
        return (self.by_signal, self.by_outbox, self.by_mirror)


LOSSES = (
    Loss("nothing: rows are saved and deleted", nothing, KEPT, KEPT),
    Loss("AWS refuses the write", refused, LOST, KEPT),
    Loss("the process is killed between the commit and the signal", killed, LOST, LOST),
    Loss("the transaction is rolled back", rolled_back, LOST, KEPT),
    Loss("`QuerySet.update()`", updated, LOST, LOST),
    Loss("`bulk_update()`", bulk_updated, LOST, LOST),
    Loss("`bulk_create()`", bulk_created, LOST, LOST),
    Loss("an `UPDATE` in SQL", raw_sql, LOST, LOST),
    Loss("a campaign is deleted, and `SET_NULL` unfiles its session", set_null, LOST, LOST),
    Loss("a write times out, and lands after the row was deleted", late_put, LOST, LOST),
    Loss(
        "two people save at once, and the signals come the other way round", reordered, LOST, LOST
    ),
    Loss("a text that DynamoDB does not take (500 KB)", too_large, LOST, LOST),
    Loss("PostgreSQL is restored from a backup", restored, LOST, LOST, REPAIRED),
    Loss("somebody deletes items in the table", changed_in_the_table, LOST, LOST, REPAIRED),
)
