"""The guard: after any exception the request succeeds, the row stays owed, and the log says so."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError
from django.test import Client
from pytest_django.fixtures import Settings

from mirror.models import LedgerEntry, Outage
from mirror.models.ledger import LedgerQuerySet
from mirror.stores import clients, dynamodb, s3
from mirror.sync import breaker, dispatch, worker
from mirror.sync.attempt import Attempt
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Fault
from tests.faults.world import World

SECRET = "the dragon is the king's daughter"
PLACES: dict[str, tuple[object, str]] = {
    "the keys of the document": (SessionDocument, "keys"),
    "the bodies of the document": (SessionDocument, "bodies"),
    "the document's attributes": (SessionDocument, "serialize"),
    "the item store": (dynamodb.ItemStore, "put"),
    "the object store": (s3.ObjectStore, "put"),
    "making the clients": (dispatch, "inline_clients"),
    "the claim": (LedgerQuerySet, "claim"),
    "the record": (LedgerQuerySet, "record"),
    "the acknowledgement": (LedgerQuerySet, "acknowledge"),
    "the note of a failure": (LedgerQuerySet, "fail"),
    "the engine": (dispatch, "mirror_entry"),
    "the attempt": (Attempt, "_carry_out"),
    "the breaker": (breaker.Breaker, "admit"),
    "the note of an outage": (type(Outage.objects.all()), "begin"),
}
ERRORS: list[type[Exception]] = [KeyError, DatabaseError, RecursionError, MemoryError]
CASES = [(place, ValueError) for place in PLACES] + [("the attempt", error) for error in ERRORS]


@kills_mutant("no guard")
@pytest.mark.parametrize(("place", "error"), CASES)
def test_an_exception_in_the_mirror_is_logged_and_the_save_succeeds(
    world: World,
    settings: Settings,
    sentry: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
    place: str,
    error: type[Exception],
) -> None:
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": "inline"}
    client = Client()
    client.force_login(world.owner)
    form = {"name": "one", "owner": world.owner.pk, "transcript_text": SECRET}
    owner, name = PLACES[place]
    if name in {"fail", "begin"}:  # these are called only after a failure
        world.proxy.add(Fault.REFUSE)
    clients.inline_clients()  # so that making them takes nothing from the budget
    with mock.patch.object(owner, name, side_effect=error(SECRET)) as place_that_raises:
        response = client.post("/admin/sessions_app/session/add/", form)
    place_that_raises.assert_called()
    world.proxy.stop_faults()
    assert response.status_code == 302
    session = Session.objects.get()
    assert session.transcript_text == SECRET
    assert world.entry(session).state in {"pending", "parked"}
    assert any(record.levelname == "ERROR" for record in caplog.records)
    assert sentry
    assert SECRET not in caplog.text
    assert SECRET not in repr(sentry)
    world.assert_settles()


@kills_mutant("no guard")
@pytest.mark.parametrize("place", ["the keys of the document", "the item store", "the attempt"])
def test_a_row_that_raises_delays_no_other(world: World, place: str) -> None:
    sessions = [world.session(name=f"{number}") for number in range(10)]
    poison = str(sessions[3].pk)
    owner, name = PLACES[place]
    real = getattr(owner, name)

    def fail_for_poison(*arguments: Any, **options: Any) -> Any:
        if any(poison in describe(argument) for argument in arguments):
            raise ValueError(SECRET)
        return real(*arguments, **options)

    # ``keys`` is a class method: it gets the row only.
    replacement = staticmethod(fail_for_poison) if name == "keys" else fail_for_poison
    with mock.patch.object(owner, name, replacement):
        world.attempt()
        world.attempt()
    entry = LedgerEntry.objects.get(object_id=poison)
    assert (entry.state, entry.error_class) == ("pending", "ValueError")
    assert SECRET not in entry.error_code
    owed = LedgerEntry.objects.owed().values_list("object_id", flat=True)
    assert list(owed) == [poison]
    world.assert_settles()
    assert worker.drain().complete


def describe(argument: Any) -> str:
    """Return a text with the ids in an argument: a row, an attempt, an entry or an item."""
    entry = getattr(argument, "entry", argument)
    return f"{getattr(entry, 'object_id', '')} {getattr(argument, 'pk', '')} {argument!r}"
