"""Latency of requests during faults: breaker and budget keep a person from waiting for AWS."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.test import Client

from campaigns.models import Campaign
from mirror.models import LedgerEntry, Outage
from mirror.stores import clients
from mirror.sync import budget, dispatch, worker
from sessions_app.models import Session
from tests.faults.mutants import kills_mutant
from tests.faults.proxy import Fault
from tests.faults.world import World

FAULTS: dict[str, dict[str, Any]] = {
    "connection refused": {"fault": Fault.REFUSE},
    "hanging": {"fault": Fault.HANG},
    "trickling": {"fault": Fault.TRICKLE, "seconds": 0.2},
    "slow": {"fault": Fault.DELAY, "seconds": 0.7},
}


@pytest.fixture
def browser(world: World) -> Client:
    client = Client()
    client.force_login(world.owner)
    return client


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """For each call within a request: the identity of its budget, and the seconds left of it."""
    waits: list[tuple[int, float]] = []
    run = budget.Budget.run

    def note_and_run(self: budget.Budget, *arguments: Any, **options: Any) -> Any:
        if self.left > 0:
            waits.append((id(self), self.left))
        return run(self, *arguments, **options)

    monkeypatch.setattr(budget.Budget, "run", note_and_run)
    return waits


def assert_bounded(
    request: Callable[[], HttpResponse], world: World, waits: list[tuple[int, float]]
) -> None:
    """Require that a request succeeds and waits for AWS two seconds at most, all calls together.

    No clock is read, as a busy machine would distort it. Instead, all calls must have shared one
    budget, and each must have waited no longer than what was left of it.
    """
    waits.clear()
    world.proxy.clear_log()
    response = request()
    assert response.status_code == 302, response.content
    assert len({budget_id for budget_id, _ in waits}) == 1
    seconds_left = [left for _, left in waits]
    assert seconds_left[0] == budget.INLINE_SECONDS == 2
    assert all(later < earlier for earlier, later in pairwise(seconds_left))
    assert len(world.proxy.requests) <= len(waits)


def add_session(browser: Client, world: World, name: str) -> HttpResponse:
    form = {"name": name, "owner": world.owner.pk, "transcript_text": f"MATT: {name}"}
    return browser.post("/admin/sessions_app/session/add/", form)  # type: ignore[return-value]


@kills_mutant("no breaker")
@pytest.mark.parametrize("service", ["DynamoDB", "S3"])
@pytest.mark.parametrize("name", ["connection refused", "hanging", "trickling"])
def test_inline_only_the_first_request_of_an_outage_waits(
    world: World,
    browser: Client,
    inline: None,
    waits: list[tuple[int, float]],
    name: str,
    service: str,
) -> None:
    clients.inline_clients()  # so that making them takes nothing from the budget
    world.proxy.add(**FAULTS[name], service=service)
    assert_bounded(lambda: add_session(browser, world, "first"), world, waits)
    assert Outage.objects.open().exists()
    world.proxy.clear_log()
    for number in range(5):
        add_session(browser, world, f"after {number}")
    assert world.proxy.requests == []
    assert LedgerEntry.objects.pending().count() == 6
    world.assert_settles()


@admin.action(description="Rename")
def rename(
    modeladmin: admin.ModelAdmin[Campaign], request: HttpRequest, queryset: QuerySet[Campaign]
) -> None:
    """Rename the chosen campaigns row by row, as an adopter's own action would."""
    for campaign in queryset:
        campaign.name = f"{campaign.name} renamed"
        campaign.save()


@pytest.fixture
def rename_all(browser: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[[], HttpResponse]:
    """Rename all campaigns in one request, by an action of the admin."""
    monkeypatch.setattr(admin.site.get_model_admin(Campaign), "actions", [rename])

    def post() -> HttpResponse:
        keys = [str(key) for key in Campaign.objects.values_list("pk", flat=True)]
        form = {"action": "rename", "_selected_action": keys}
        return browser.post("/admin/campaigns/campaign/", form)  # type: ignore[return-value]

    return post


@kills_mutant("no breaker and no budget")
def test_inline_a_slow_store_costs_no_more_than_the_budget(
    world: World,
    inline: None,
    rename_all: Callable[[], HttpResponse],
    waits: list[tuple[int, float]],
) -> None:
    for number in range(3):
        world.campaign(f"{number}")
    world.settle()
    world.proxy.add(**FAULTS["slow"])
    assert_bounded(rename_all, world, waits)
    world.assert_settles()


@kills_mutant("no breaker and no budget")
@pytest.mark.parametrize("name", ["hanging", "trickling", "slow"])
def test_inline_a_bulk_action_stays_within_the_budget(
    world: World,
    inline: None,
    rename_all: Callable[[], HttpResponse],
    waits: list[tuple[int, float]],
    name: str,
) -> None:
    Campaign.objects.bulk_create(Campaign(owner=world.owner, name=f"{n}") for n in range(40))
    worker.drain()
    world.proxy.add(**FAULTS[name])
    assert_bounded(rename_all, world, waits)
    assert Campaign.objects.filter(name__endswith="renamed").count() == 40
    assert LedgerEntry.objects.pending().count() >= 35
    world.assert_settles()


@kills_mutant("no dispatch")
def test_inline_without_faults_the_stores_are_equal_after_each_request(
    world: World, browser: Client, inline: None
) -> None:
    add_session(browser, world, "one")
    assert world.proxy.calls("PutObject")
    world.assert_equal()
    add_session(browser, world, "two")
    world.assert_equal()


@kills_mutant("dispatch before the commit")
@pytest.mark.parametrize("name", FAULTS)
def test_in_worker_mode_a_request_sends_nothing_to_aws(
    world: World, browser: Client, name: str
) -> None:
    world.proxy.add(**FAULTS[name])
    add_session(browser, world, "one")
    form = {
        "action": "delete_selected",
        "_selected_action": [str(key) for key in Session.objects.values_list("pk", flat=True)],
        "post": "yes",
    }
    browser.post("/admin/sessions_app/session/", form)
    assert not Session.objects.exists()
    assert world.proxy.requests == []
    assert LedgerEntry.objects.pending().count() == 1
    world.assert_settles()


@kills_mutant("call not cancelled when the budget ends")
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


@kills_mutant("clients made outside the budget")
def test_inline_a_failing_source_of_credentials_is_an_outage_and_is_not_asked_again(
    world: World, inline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/none")
    clients.reset_clients()
    world.campaign()
    assert Outage.objects.open().exists()
    with mock.patch.object(dispatch, "inline_clients") as make_clients:
        world.campaign()
    make_clients.assert_not_called()
    assert LedgerEntry.objects.pending().count() == 2
