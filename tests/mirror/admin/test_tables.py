"""The mirror's own tables in the admin: lists, search, and the retry of parked entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from mirror.admin.tables import FirstPages
from mirror.models import CheckRun, LedgerEntry, Outage, State
from mirror.models.gauges import MOST
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.factories import make_campaign, make_sessions
from tests.support.stored import assert_equal_after_sync


@pytest.mark.parametrize("table", ["ledgerentry", "outage", "checkrun"])
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


def test_an_entry_is_told_in_words(admin_client: Client, owner: User) -> None:
    make_campaign(owner)
    began = datetime(2026, 2, 3, 14, 5, tzinfo=UTC)
    LedgerEntry.objects.update(
        owed_since=began,
        parked_at=began + timedelta(minutes=1),
        item_keys=[["user#1", "camp#7"]],
        object_keys={"texts/7/notes/1-0.txt": {}},
        attempts=2,
        error_class="Unmirrorable",
        error_code="ItemTooLarge",
    )
    page = admin_client.get(
        f"/admin/mirror/ledgerentry/{LedgerEntry.objects.get().pk}/change/"
    ).text
    for words in (
        "3 Feb 2026, 14:05",
        "3 Feb 2026, 14:06",
        "never",
        "user#1 camp#7<br>",
        "texts/7/notes/1-0.txt<br>",
        "Unmirrorable ItemTooLarge (2)",
    ):
        assert words in page
    assert "{&quot;" not in page  # no JSON


def test_an_entry_whose_row_is_gone_says_so(
    mirror: Stores, admin_client: Client, owner: User
) -> None:
    kept, gone, renumbered = (make_campaign(owner) for _ in range(3))
    worker.drain()
    Campaign.objects.filter(pk=gone.pk).delete()
    Campaign.objects.filter(pk=renumbered.pk).update(id=uuid4())

    def shown(**query: Any) -> int:
        return admin_client.get("/admin/mirror/ledgerentry/", query).text.count(">row gone<")

    assert shown() == 0  # its item is still there
    worker.drain()
    assert shown() == shown(state="mirrored") == 2
    assert shown(q=gone.pk) == 1
    assert shown(q=kept.pk) == 0
    entry = LedgerEntry.objects.get(object_id=gone.pk)
    page = admin_client.get(f"/admin/mirror/ledgerentry/{entry.pk}/change/").text
    assert ">row gone<" in page
    assert "none; a row that is gone leaves a tombstone for a week" in page


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


@pytest.fixture
def run(db: None) -> CheckRun:
    """A check that found one difference, after a repair of another."""
    found = {
        "kind": "stale",
        "model": "campaigns.campaign",
        "object_id": "7",
        "key": "user#1 camp#7",
        "attributes": ["name", "<b>"],
    }
    return CheckRun.objects.create(
        started_at=datetime(2026, 2, 3, 14, 5, tzinfo=UTC),
        seconds=75,
        complete=True,
        deep=True,
        shares=4,
        expected=12_345,
        in_sync=12_344,
        pending=0,
        parked=1,
        counts={"stale": 1, "missing": 0},
        findings=[found],
        repaired=[found | {"kind": "missing", "attributes": []}],
        repaired_count=1,
        parity_percent="99.9918",
    )


def test_a_check_is_told_in_words(run: CheckRun, admin_client: Client) -> None:
    listed = admin_client.get("/admin/mirror/checkrun/").text
    for words in (
        ">3 Feb 2026, 14:05</a>",
        ">99.9918 %<",
        ">complete, every object read, shared by 4 machines<",
        ">1 stale<",
        ">1 min 15 s<",
    ):
        assert words in listed
    page = admin_client.get(f"/admin/mirror/checkrun/{run.pk}/change/").text
    for words in (
        "Complete, every object read, shared by 4 machines: 12,345 rows, in 1 min 15 s.",
        "A first comparison found 1 difference, which --repair tried to repair.",
        "99.9918 % in sync: 12,344 of 12,345 rows, 0 pending, 1 differing.",
        "Found: 1 stale.",
        "1 row was parked.",
        "stale campaigns.campaign 7<br><small>user#1 camp#7 name, &lt;b&gt;</small>",
        "missing campaigns.campaign 7",
        '<a href="/admin/mirror/days/2026-02-03/">The checks of 3 Feb 2026</a>',
    ):
        assert words in page
    assert "{&quot;" not in page  # no JSON


def test_an_outage_is_told_in_words(admin_client: Client, db: None) -> None:
    began = datetime(2026, 2, 3, 14, 5, tzinfo=UTC)
    over = Outage.objects.create(
        store="S3",
        started_at=began,
        ended_at=began + timedelta(minutes=80),
        waiting=1446,
        equal_at=began + timedelta(minutes=80, seconds=7),
        error_class="ClientError",
        error_code="AccessDenied",
    )
    Outage.objects.create(store="DynamoDB", started_at=began - timedelta(days=1))
    Outage.objects.create(
        store="S3", started_at=began, ended_at=began + timedelta(seconds=1), waiting=MOST
    )
    listed = admin_client.get("/admin/mirror/outage/").text
    for words in (
        ">3 Feb 2026, 14:05<",
        ">1 h 20 min<",
        ">1,446 changes<",
        ">7 s<",
        ">ClientError AccessDenied<",
        ">not over<",
        ">not counted<",
        ">at least 50,000 changes<",
    ):
        assert words in listed
    assert "1,446 changes" in admin_client.get(f"/admin/mirror/outage/{over.pk}/change/").text
