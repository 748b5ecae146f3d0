"""The dashboard: what staff see of the validation period, and retrying what is parked."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from mirror.models import CheckRun, LedgerEntry, Outage
from mirror.staff.chart import draw, percent
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify.history import Day
from tests.support.aws import NOWHERE, point_clients_at

HERE = "/admin/mirror/"


def make_run(days_ago: int, differences: int = 0, **fields: Any) -> CheckRun:
    findings = [
        {
            "kind": "stale",
            "model": "campaigns.campaign",
            "object_id": f"0000000{n}-0000-4000-8000-000000000000",
            "key": "user#1 camp#1",
            "attributes": ["name"],
        }
        for n in range(differences)
    ]
    values = {
        "started_at": timezone.now() - timedelta(days=days_ago, seconds=1),
        "seconds": 1.0,
        "complete": True,
        "expected": 1000,
        "in_sync": 1000 - differences,
        "pending": 0,
        "parked": 0,
        "counts": {"missing": 0, "stale": differences},
        "findings": findings,
        "parity_percent": 100 - Decimal(differences) / 10,
    }
    return CheckRun.objects.create(**{**values, **fields})


@pytest.fixture
def parked(mirror: Stores, owner: User) -> list[LedgerEntry]:
    for n in range(3):
        Campaign.objects.create(owner=owner, name=f"PRIVATE-CANARY {n}")
    LedgerEntry.objects.update(
        parked_at=timezone.now(), error_class="Unmirrorable", error_code="NumberTooManyDigits"
    )
    return list(LedgerEntry.objects.order_by("pk"))


def page(client: Client) -> str:
    answer = client.get(HERE)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_new_mirror(mirror: Stores, admin_client: Client) -> None:
    shown = page(admin_client)
    for words in (
        "Not ready to switch",
        "No complete check on 14 of the last 14 days.",
        "No complete check in the last 14 days.",
        "No check yet",
        "Nothing is parked.",
        "answers",
    ):
        assert words in shown
    assert "silent" not in shown


def test_ready(mirror: Stores, admin_client: Client) -> None:
    for days_ago in range(14):
        make_run(days_ago)
    shown = page(admin_client)
    assert "Ready to switch" in shown
    assert "14 of the last 14 days have a complete check. Lowest parity 100 %" in shown


def test_each_day_is_drawn_and_tabled(mirror: Stores, admin_client: Client) -> None:
    make_run(0, 2)
    make_run(1)
    make_run(3, 50)
    shown = page(admin_client)
    start = shown.index('<svg class="mirror-chart"')
    svg = shown[start : shown.index("</svg>", start) + 6]
    tree = ET.fromstring(svg)  # noqa: S314 - our own page
    assert len(tree.findall(".//circle")) == 1
    assert len(tree.findall(".//g/path[@class='mirror-diamond']")) == 1
    assert len(tree.findall(".//g/path[@class='mirror-cross']")) == 1
    assert len(tree.findall(".//line[@class='mirror-gap']")) == 11
    (line,) = tree.findall(".//polyline")
    assert len((line.get("points") or "").split()) == 2  # no line over a gap
    assert tree.get("role") == "img"
    assert "3 of the last 14 days" in (tree.findtext("desc") or "")
    assert shown.count("no check</span>") == 11
    assert "95 %" in shown
    assert "99.8 %" in shown
    assert 'href="/admin/mirror/compare/campaigns.campaign/00000001-' in shown
    assert "style=" not in shown
    assert "<style" not in shown


def test_parked_entries_are_retried(
    parked: list[LedgerEntry], admin_client: Client, mirror: Stores
) -> None:
    shown = page(admin_client)
    assert shown.count("NumberTooManyDigits") == 3
    assert "CANARY" not in shown
    answer = admin_client.post(f"{HERE}retry/", {"entry": [parked[0].pk, "x", "²"]}, follow=True)
    assert "1 entry is due now" in answer.content.decode()
    assert LedgerEntry.objects.parked().count() == 2
    answer = admin_client.post(f"{HERE}retry/", {"all": "1"}, follow=True)
    assert "2 entries are due now" in answer.content.decode()
    assert "0 entries" in admin_client.post(f"{HERE}retry/", follow=True).content.decode()
    assert worker.drain().complete


def test_pending_and_outage(mirror: Stores, owner: User, admin_client: Client) -> None:
    Campaign.objects.create(owner=owner, name="waits")
    LedgerEntry.objects.update(owed_since=timezone.now() - timedelta(hours=3))
    Outage.objects.create(store="S3", error_class="ClientError", error_code="AccessDenied")
    shown = page(admin_client)
    assert "the oldest for 3\xa0hours" in shown
    assert "S3 has been out of reach" in shown
    assert "AccessDenied" in shown
    assert "the oldest for more than an hour" in shown


def test_out_of_reach(
    mirror: Stores, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_clients_at(NOWHERE, NOWHERE, monkeypatch)
    assert page(admin_client).count("silent") == 2


def test_constant_queries(
    parked: list[LedgerEntry],
    owner: User,
    admin_client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for round_of in range(2):
        with django_assert_num_queries(8):
            page(admin_client)
        Campaign.objects.bulk_create(Campaign(owner=owner, name="C") for _ in range(30))
        LedgerEntry.objects.update(parked_at=timezone.now())
        for n in range(14):
            make_run(n, 9 if round_of else 0)


def test_who_may_see_it(mirror: Stores, client: Client) -> None:
    assert client.get(HERE).status_code == 302
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    assert client.get(HERE).status_code == 403
    assert client.post(f"{HERE}retry/").status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_ledgerentry"))
    client.force_login(User.objects.get(pk=staff.pk))
    assert client.get(HERE).status_code == 200
    assert client.post(HERE).status_code == 405
    assert client.get(f"{HERE}retry/").status_code == 405


def test_the_admin_links_it(admin_client: Client, db: None) -> None:
    index = admin_client.get("/admin/").content.decode()
    assert f'<a href="{HERE}" class="section"' in index
    assert "Mirror dashboard" in index


@pytest.mark.parametrize(
    ("parities", "floor"),
    [([100], "99.9 %"), ([99.95, 100], "99.9 %"), ([98], "95 %"), ([12], "0 %"), ([0], "0 %")],
)
def test_the_axis_begins_at_a_round_number(parities: list[float], floor: str) -> None:
    days = [
        Day(date(2026, 2, n + 1), CheckRun(parity_percent=Decimal(str(parity))), 0)
        for n, parity in enumerate(parities)
    ]
    chart = draw(days)
    assert chart.ticks[0][1] == floor
    assert all(chart.top <= (p.y or 0) <= chart.bottom for p in chart.points)


def test_percent() -> None:
    assert [percent(Decimal(v)) for v in ("100.0000", "99.9950", "0")] == [
        "100 %",
        "99.995 %",
        "0 %",
    ]
