"""The dashboard: the verdict, the chart, what is owed, and the retry of parked rows."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from mirror.models import CheckRun, LedgerEntry, Outage
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.aws import NOWHERE, point_clients_at
from tests.support.evidence import save_all_evidence
from tests.support.factories import make_campaign, make_sessions

DASHBOARD = "/admin/mirror/"


def save_run(days_ago: int, differences: int = 0) -> CheckRun:
    """Save a complete check with this number of findings."""
    findings = [
        {
            "kind": "stale",
            "model": "campaigns.campaign",
            "object_id": f"0000000{number}-0000-4000-8000-000000000000",
            "key": "user#1 camp#1",
            "attributes": ["name"],
        }
        for number in range(differences)
    ]
    return CheckRun.objects.create(
        started_at=timezone.now() - timedelta(days=days_ago, seconds=1),
        seconds=1.0,
        complete=True,
        expected=1000,
        in_sync=1000 - differences,
        pending=0,
        parked=0,
        counts={"missing": 0, "stale": differences},
        findings=findings,
        parity_percent=100 - Decimal(differences) / 10,
    )


@pytest.fixture
def parked(mirror: Stores, owner: User) -> list[LedgerEntry]:
    """Three parked entries."""
    for number in range(3):
        make_campaign(owner, f"PRIVATE-CANARY {number}")
    LedgerEntry.objects.update(
        parked_at=timezone.now(), error_class="Unmirrorable", error_code="NumberTooManyDigits"
    )
    return list(LedgerEntry.objects.order_by("pk"))


def load(client: Client) -> str:
    """Return the page as text."""
    answer = client.get(DASHBOARD)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_mirror_without_checks_is_not_ready(mirror: Stores, admin_client: Client) -> None:
    page = load(admin_client)
    for words in (
        "Not ready to switch",
        "No complete check on 14 of the last 14 days.",
        "No complete check in the last 14 days.",
        "No check yet",
        "Nothing is parked.",
        "answers",
    ):
        assert words in page
    assert "silent" not in page


def test_fourteen_equal_days_are_shown_as_ready(mirror: Stores, admin_client: Client) -> None:
    save_all_evidence()
    page = load(admin_client)
    assert "Ready to switch" in page
    assert "14 of the last 14 days have a complete check. Lowest parity 100 %" in page


def test_each_day_is_in_the_chart_and_in_the_table(mirror: Stores, admin_client: Client) -> None:
    save_run(0, 2)
    save_run(1)
    save_run(3, 50)
    page = load(admin_client)
    start = page.index('<svg class="mirror-chart"')
    svg = page[start : page.index("</svg>", start) + 6]
    tree = ET.fromstring(svg)  # noqa: S314 - our own page
    assert len(tree.findall(".//g/path[@class='mirror-dot']")) == 1
    assert len(tree.findall(".//g/path[@class='mirror-diamond']")) == 1
    assert len(tree.findall(".//g/path[@class='mirror-cross']")) == 1
    assert len(tree.findall(".//line[@class='mirror-gap']")) == 11
    (line,) = tree.findall(".//polyline")
    assert len((line.get("points") or "").split()) == 2  # no line over a gap
    assert tree.get("role") == "img"
    assert "3 of the last 14 days" in (tree.findtext("desc") or "")
    assert page.count("no check</span>") == 11
    assert "95 %" in page
    assert "99.8 %" in page
    assert 'href="/admin/mirror/compare/campaigns.campaign/00000001-' in page
    assert "style=" not in page
    assert "<style" not in page


def test_parked_entries_are_retried(
    parked: list[LedgerEntry], admin_client: Client, mirror: Stores
) -> None:
    page = load(admin_client)
    assert page.count("NumberTooManyDigits") == 3
    assert "CANARY" not in page
    answer = admin_client.post(
        f"{DASHBOARD}retry/", {"entry": [parked[0].pk, "x", "²"]}, follow=True
    )
    assert "1 entry is due now" in answer.content.decode()
    assert LedgerEntry.objects.parked().count() == 2
    answer = admin_client.post(f"{DASHBOARD}retry/", {"all": "1"}, follow=True)
    assert "2 entries are due now" in answer.content.decode()
    assert "0 entries" in admin_client.post(f"{DASHBOARD}retry/", follow=True).content.decode()
    assert worker.drain().complete


def test_long_pending_rows_and_outages_are_shown(
    mirror: Stores, owner: User, admin_client: Client
) -> None:
    make_campaign(owner)
    LedgerEntry.objects.update(owed_since=timezone.now() - timedelta(hours=3))
    Outage.objects.create(store="S3", error_class="ClientError", error_code="AccessDenied")
    page = load(admin_client)
    assert "the oldest for 3 h 0 min" in page
    assert "S3 has been out of reach" in page
    assert "AccessDenied" in page
    assert "the oldest for more than an hour" in page


def test_stores_out_of_reach_are_shown_as_silent(
    mirror: Stores, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_clients_at(NOWHERE, NOWHERE, monkeypatch)
    assert load(admin_client).count("silent") == 2


def test_the_number_of_queries_does_not_grow(
    parked: list[LedgerEntry],
    owner: User,
    admin_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for differences in (0, 9):
        with django_assert_num_queries(12):
            load(admin_client)
        make_sessions(owner, 30)
        LedgerEntry.objects.update(parked_at=timezone.now())
        for days_ago in range(14):
            save_run(days_ago, differences)


def test_only_staff_who_may_view_the_ledger_see_the_dashboard(
    mirror: Stores, client: Client
) -> None:
    assert client.get(DASHBOARD).status_code == 302
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    assert client.get(DASHBOARD).status_code == 403
    assert client.post(f"{DASHBOARD}retry/").status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_ledgerentry"))
    client.force_login(User.objects.get(pk=staff.pk))
    assert client.get(DASHBOARD).status_code == 200
    assert client.post(DASHBOARD).status_code == 405
    assert client.get(f"{DASHBOARD}retry/").status_code == 405


def test_the_index_of_the_admin_links_the_dashboard(admin_client: Client, db: None) -> None:
    index = admin_client.get("/admin/").content.decode()
    assert f'<a href="{DASHBOARD}" class="section"' in index
    assert "Mirror dashboard" in index
