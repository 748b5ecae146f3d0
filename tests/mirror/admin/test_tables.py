"""The mirror's own tables in the admin: lists, search, and the retry of parked entries."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from mirror.admin.tables import FirstPages
from mirror.models import LedgerEntry, State
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.factories import make_campaign, make_sessions
from tests.support.stored import assert_equal_after_sync


@pytest.mark.parametrize("table", ["ledgerentry", "outage"])
def test_a_list_takes_a_constant_number_of_queries(
    admin_client: Client,
    owner: User,
    table: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    make_sessions(owner, 3)
    admin_client.get(f"/admin/mirror/{table}/")
    with django_assert_max_num_queries(12) as few:
        assert admin_client.get(f"/admin/mirror/{table}/").status_code == 200
    make_sessions(owner, 120)
    with django_assert_max_num_queries(len(few)):
        assert admin_client.get(f"/admin/mirror/{table}/").status_code == 200


def test_the_ledger_is_searched_by_object_id(admin_client: Client, owner: User) -> None:
    campaign = make_campaign(owner)
    make_sessions(owner, 2, campaign)
    page = admin_client.get("/admin/mirror/ledgerentry/", {"q": str(campaign.pk)})
    assert page.context["cl"].result_count == 1
    assert 'id="searchbar"' in page.content.decode()  # Django's own field, with what was typed
    assert f'value="{campaign.pk}"' in page.content.decode()


@pytest.mark.parametrize("state", State)
def test_the_ledger_is_filtered_by_state(
    mirror: Stores, admin_client: Client, owner: User, state: State
) -> None:
    campaigns = dict(zip(State, [make_campaign(owner) for _ in State], strict=True))
    entries = LedgerEntry.objects.all()
    for name, campaign in campaigns.items():
        entry = entries.filter(object_id=campaign.pk)
        if name == State.MIRRORED:
            entry.update(mirrored_revision=1)
        elif name == State.PARKED:
            entry.update(parked_at=campaign.created_at)
    listed = admin_client.get("/admin/mirror/ledgerentry/", {"state": state}).context["cl"]
    assert [entry.object_id for entry in listed.queryset] == [str(campaigns[state].pk)]
    assert {entry.state for entry in listed.queryset} == {state}


def test_a_long_ledger_is_counted_only_as_far_as_its_first_pages(
    admin_client: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sessions(owner, 120)
    monkeypatch.setattr(FirstPages, "LIMIT", 110)
    listed = admin_client.get("/admin/mirror/ledgerentry/", {"p": 2}).context["cl"]
    assert (listed.result_count, len(listed.result_list)) == (110, 10)


@pytest.mark.parametrize(("model", "count"), [("campaigns.campaign", 1), ("x.y", 0)])
def test_the_ledger_is_filtered_by_model(
    admin_client: Client, owner: User, model: str, count: int
) -> None:
    make_sessions(owner, 2, make_campaign(owner))
    page = admin_client.get("/admin/mirror/ledgerentry/", {"model": model})
    assert page.context["cl"].result_count == count


def test_the_ledger_cannot_be_edited(admin_client: Client, owner: User) -> None:
    make_campaign(owner)
    entry = LedgerEntry.objects.get()
    assert admin_client.get("/admin/mirror/ledgerentry/add/").status_code == 403
    assert admin_client.post(f"/admin/mirror/ledgerentry/{entry.pk}/delete/").status_code == 403
    page = admin_client.get(f"/admin/mirror/ledgerentry/{entry.pk}/change/")
    assert 'name="revision"' not in page.content.decode()


def test_a_parked_entry_is_retried(
    mirror: Stores, admin_client: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_campaign(owner)
    with monkeypatch.context() as broken:
        broken.setattr("campaigns.documents.CampaignDocument.keys", lambda _: 1 / 0)
        assert worker.drain().backlog.parked == 1
    assert worker.drain().backlog.parked == 1

    entry = LedgerEntry.objects.get()
    answer = admin_client.post(
        "/admin/mirror/ledgerentry/",
        {"action": "retry", "_selected_action": [entry.pk]},
        follow=True,
    )
    assert "1 entry is due now." in answer.content.decode()
    assert_equal_after_sync(mirror)
