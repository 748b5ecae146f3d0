"""A day has the same sign and the same words on every page and in the terminal."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from mirror.formats import day
from mirror.verify import verdict
from tests.support.commands import run
from tests.support.evidence import save_run

STATES = ["✓ equal", "◇ within limits", "✕ too much differs", "△ too much pending", "– no check"]


def load(client: Client, address: str) -> str:
    return client.get(address).text.replace('<span aria-hidden="true">', "").replace("</span>", "")


@pytest.mark.usefixtures("db")
def test_a_day_is_told_alike_everywhere(
    admin_client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "ask_stores", lambda: {"DynamoDB": "", "S3": ""})
    settings.MIRROR = {**settings.MIRROR, "VALIDATION_DAYS": len(STATES)}
    save_run(0)
    save_run(1, in_sync=999, counts={"stale": 1}, parity_percent=Decimal("99.9"))
    save_run(2.000001, in_sync=900, counts={"stale": 100}, parity_percent=90)
    save_run(2)  # after a repair
    save_run(3, in_sync=500, pending=500, parity_percent=50)
    dates = [timezone.localdate() - timedelta(days=days_ago) for days_ago in range(len(STATES))]
    _, history = run("mirror_check", "--history")
    pages = [load(admin_client, f"/admin/mirror/{page}") for page in ("", "evidence/")]
    for date, state in zip(dates, STATES, strict=True):
        assert any(
            line.startswith(day(date)) and line.endswith(state) for line in history.split("\n")
        )
        for page in pages:
            _, _, row = page.partition(f">{day(date)}<")
            assert f"{state}\n</td>" in row.partition("</tr>")[0]
        page = load(admin_client, f"/admin/mirror/days/{date.isoformat()}/")
        assert state in page.partition(f"{day(date)} <")[2].partition("</h2>")[0]
    assert "<title>" + day(dates[2]) + ": 90 %, too much differs</title>" in pages[0]


@pytest.mark.usefixtures("db")
def test_a_check_has_the_sign_of_what_it_alone_found(admin_client: Client) -> None:
    save_run(0, in_sync=500, pending=500, parity_percent=50)
    save_run(0, in_sync=900, counts={"stale": 100}, parity_percent=90)
    page = load(admin_client, f"/admin/mirror/days/{timezone.localdate().isoformat()}/")
    pending, differing = (part.partition("</h3>")[0] for part in page.split("<h3>")[2:0:-1])
    assert "△ too much pending" in pending
    assert "500 pending, not compared" in pending
    assert "✕ too much differs" in differing
