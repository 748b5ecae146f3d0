"""AWS fails, and the person who saves does not wait: breaker and budget, in real requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from campaigns.models import Campaign
from mirror import budget, drain
from mirror.errors import SinkError
from mirror.models import LedgerEntry, Outage
from sessions_app.models import Session
from tests.faults.proxy import Fault
from tests.faults.world import World

FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"fault": Fault.REFUSE},
    "hanging": {"fault": Fault.HANG},
    "trickling": {"fault": Fault.TRICKLE, "seconds": 0.2},
    "slow": {"fault": Fault.DELAY, "seconds": 0.7},
}
BOUND = 3.5  # seconds: the budget of two, and a request on a busy machine


@pytest.fixture
def inline(settings: Settings) -> None:
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": "inline"}


@pytest.fixture
def person(world: World) -> Client:
    client = Client()
    client.force_login(world.owner)
    return client


def timed(request: Callable[[], HttpResponse]) -> float:
    """Return the seconds that a request took; it must have succeeded."""
    started = time.monotonic()
    response = request()
    assert response.status_code == 302, response.content
    return time.monotonic() - started


def add_session(person: Client, world: World, name: str) -> HttpResponse:
    form = {"name": name, "owner": world.owner.pk, "transcript_text": f"MATT: {name}"}
    return person.post("/admin/sessions_app/session/add/", form)  # type: ignore[return-value]


@pytest.mark.parametrize("service", ["DynamoDB", "S3"])
@pytest.mark.parametrize("name", ["refused", "hanging", "trickling"])
def test_inline_the_first_waits_a_little_and_the_others_do_not(
    world: World, person: Client, inline: None, name: str, service: str
) -> None:
    world.proxy.add(**FAULTS[name], service=service)
    assert timed(lambda: add_session(person, world, "first")) < BOUND
    assert Outage.objects.open().exists()
    world.proxy.forget()
    for number in range(5):
        add_session(person, world, f"after {number}")
    assert world.proxy.requests == []
    assert LedgerEntry.objects.pending().count() == 6
    world.assert_settles()


def test_inline_a_slow_store_costs_no_more_than_the_budget(
    world: World, person: Client, inline: None
) -> None:
    campaigns = [world.campaign(f"{number}") for number in range(3)]
    world.settle()
    world.proxy.add(**FAULTS["slow"])
    world.proxy.forget()
    form = {
        "action": "delete_selected",
        "_selected_action": [str(campaign.pk) for campaign in campaigns],
        "post": "yes",
    }
    assert timed(lambda: person.post("/admin/campaigns/campaign/", form)) < BOUND  # type: ignore[arg-type,return-value]
    world.assert_settles()


@pytest.mark.parametrize("name", ["hanging", "trickling", "slow"])
def test_inline_a_bulk_action_obeys_the_same_budget(
    world: World, person: Client, inline: None, name: str
) -> None:
    Campaign.objects.bulk_create(Campaign(owner=world.owner, name=f"{n}") for n in range(40))
    drain.sync()
    world.proxy.add(**FAULTS[name])
    form = {
        "action": "delete_selected",
        "_selected_action": [str(key) for key in Campaign.objects.values_list("pk", flat=True)],
        "post": "yes",
    }
    assert timed(lambda: person.post("/admin/campaigns/campaign/", form)) < BOUND  # type: ignore[arg-type,return-value]
    assert not Campaign.objects.exists()
    assert LedgerEntry.objects.pending().count() >= 35
    world.assert_settles()


def test_inline_all_is_well(world: World, person: Client, inline: None) -> None:
    add_session(person, world, "one")
    person.post(f"/admin/sessions_app/session/{Session.objects.get().pk}/delete/", {"post": "yes"})
    assert world.proxy.calls("PutObject")
    world.assert_equal()


@pytest.mark.parametrize("name", FAULTS)
def test_a_worker_leaves_requests_alone(world: World, person: Client, name: str) -> None:
    world.proxy.add(**FAULTS[name])
    add_session(person, world, "one")
    form = {
        "action": "delete_selected",
        "_selected_action": [str(key) for key in Session.objects.values_list("pk", flat=True)],
        "post": "yes",
    }
    person.post("/admin/sessions_app/session/", form)
    assert not Session.objects.exists()
    assert world.proxy.requests == []
    assert LedgerEntry.objects.pending().count() == 1
    world.assert_settles()


def test_a_call_that_waits_for_a_thread_when_the_budget_ends_is_never_made() -> None:
    gate = threading.Event()
    made: list[str] = []
    busy: list[Future[Any]] = [
        budget._threads.submit(gate.wait) for _ in range(budget._threads._max_workers)
    ]
    with pytest.raises(SinkError):
        budget.Budget(0.05).run("S3", made.append, "late")
    gate.set()
    wait([*busy, budget._threads.submit(int)])
    assert made == []
