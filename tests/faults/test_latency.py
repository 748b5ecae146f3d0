"""AWS fails, and the person who saves does not wait: breaker and budget, in real requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from itertools import pairwise
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from campaigns.models import Campaign
from mirror.models import LedgerEntry, Outage
from mirror.sync import budget, worker
from sessions_app.models import Session
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Fault
from tests.faults.world import World

FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"fault": Fault.REFUSE},
    "hanging": {"fault": Fault.HANG},
    "trickling": {"fault": Fault.TRICKLE, "seconds": 0.2},
    "slow": {"fault": Fault.DELAY, "seconds": 0.7},
}


@pytest.fixture
def person(world: World) -> Client:
    client = Client()
    client.force_login(world.owner)
    return client


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """For each call to AWS on behalf of a request: whose budget, and what was left of it."""
    seen: list[tuple[int, float]] = []
    run = budget.Budget.run

    def note(self: budget.Budget, *arguments: Any, **options: Any) -> Any:
        if self.left > 0:
            seen.append((id(self), self.left))
        return run(self, *arguments, **options)

    monkeypatch.setattr(budget.Budget, "run", note)
    return seen


def assert_bounded(
    request: Callable[[], HttpResponse], world: World, waits: list[tuple[int, float]]
) -> None:
    """Require that a request succeeds and waits for AWS two seconds at most, in all.

    No clock is read, as a busy machine would spoil it: every call was made on one budget, for
    what was left of it.
    """
    waits.clear()
    world.proxy.forget()
    response = request()
    assert response.status_code == 302, response.content
    assert len({owner for owner, _ in waits}) == 1
    lefts = [left for _, left in waits]
    assert lefts[0] == budget.INLINE_SECONDS == 2
    assert all(later < earlier for earlier, later in pairwise(lefts))
    assert len(world.proxy.requests) <= len(waits)


def add_session(person: Client, world: World, name: str) -> HttpResponse:
    form = {"name": name, "owner": world.owner.pk, "transcript_text": f"MATT: {name}"}
    return person.post("/admin/sessions_app/session/add/", form)  # type: ignore[return-value]


@kills_mutant("no breaker")
@pytest.mark.parametrize("service", ["DynamoDB", "S3"])
@pytest.mark.parametrize("name", ["refused", "hanging", "trickling"])
def test_inline_the_first_waits_a_little_and_the_others_do_not(
    world: World,
    person: Client,
    inline: None,
    waits: list[tuple[int, float]],
    name: str,
    service: str,
) -> None:
    world.proxy.add(**FAULTS[name], service=service)
    assert_bounded(lambda: add_session(person, world, "first"), world, waits)
    assert Outage.objects.open().exists()
    world.proxy.forget()
    for number in range(5):
        add_session(person, world, f"after {number}")
    assert world.proxy.requests == []
    assert LedgerEntry.objects.pending().count() == 6
    world.assert_settles()


@kills_mutant("neither breaker nor budget")
def test_inline_a_slow_store_costs_no_more_than_the_budget(
    world: World, person: Client, inline: None, waits: list[tuple[int, float]]
) -> None:
    campaigns = [world.campaign(f"{number}") for number in range(3)]
    world.settle()
    world.proxy.add(**FAULTS["slow"])
    form = {
        "action": "delete_selected",
        "_selected_action": [str(campaign.pk) for campaign in campaigns],
        "post": "yes",
    }
    assert_bounded(lambda: person.post("/admin/campaigns/campaign/", form), world, waits)  # type: ignore[arg-type,return-value]
    world.assert_settles()


@kills_mutant("neither breaker nor budget")
@pytest.mark.parametrize("name", ["hanging", "trickling", "slow"])
def test_inline_a_bulk_action_obeys_the_same_budget(
    world: World, person: Client, inline: None, waits: list[tuple[int, float]], name: str
) -> None:
    Campaign.objects.bulk_create(Campaign(owner=world.owner, name=f"{n}") for n in range(40))
    worker.drain()
    world.proxy.add(**FAULTS[name])
    form = {
        "action": "delete_selected",
        "_selected_action": [str(key) for key in Campaign.objects.values_list("pk", flat=True)],
        "post": "yes",
    }
    assert_bounded(lambda: person.post("/admin/campaigns/campaign/", form), world, waits)  # type: ignore[arg-type,return-value]
    assert not Campaign.objects.exists()
    assert LedgerEntry.objects.pending().count() >= 35
    world.assert_settles()


@kills_mutant("nothing dispatched")
def test_inline_all_is_well(world: World, person: Client, inline: None) -> None:
    add_session(person, world, "one")
    person.post(f"/admin/sessions_app/session/{Session.objects.get().pk}/delete/", {"post": "yes"})
    assert world.proxy.calls("PutObject")
    world.assert_equal()


@kills_mutant("dispatched before the commit")
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


@kills_mutant("a call that cannot be taken back")
def test_a_call_that_waits_for_a_thread_when_the_budget_ends_is_never_made() -> None:
    gate = threading.Event()
    made: list[str] = []
    busy: list[Future[Any]] = [
        budget._threads.submit(gate.wait) for _ in range(budget._threads._max_workers)
    ]
    with pytest.raises(budget.BudgetSpent):
        budget.Budget(0.05).run("S3", made.append, "late")
    gate.set()
    wait([*busy, budget._threads.submit(int)])
    assert made == []
