"""The figures of a check: one denominator and one form, wherever they are shown."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from mirror.formats import day
from mirror.models import CheckRun
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify.check import check
from mirror.verify.report import Figures
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_campaign, make_sessions
from tests.support.stored import item_of
from tests.support.tampering import (
    delete_item,
    delete_object,
    put_copy_of_item,
    put_foreign_item,
    set_attribute,
)

mirror_check = partial(run, "mirror_check")


@pytest.fixture
def differing(mirror: Stores, owner: User) -> None:
    """Six rows: one pending, one with two differences, one missing; and an orphan."""
    campaign = make_campaign(owner)
    twice, missing, *_ = make_sessions(owner, 5, transcript_text=TRANSCRIPT)
    worker.drain()
    item = item_of(mirror, twice.pk)
    set_attribute(mirror, item, "name", {"S": "x"})
    delete_object(mirror, item)
    delete_item(mirror, item_of(mirror, missing.pk))
    put_foreign_item(mirror, item)
    campaign.save()


def test_a_report_has_the_same_figures_everywhere(
    differing: None, admin_client: Client, tmp_path: Path
) -> None:
    sentence = "42.8571 % in sync: 3 of 7 rows and orphans, 1 pending, 3 differing"
    page = tmp_path / "page.html"
    code, text = mirror_check("--html", str(page))
    assert code == 1
    assert text.splitlines()[0] == f"{sentence}."
    assert "<title>Mirror check: 42.8571 %</title>" in page.read_text()
    assert "42.8571 % in sync</p>" in page.read_text()
    assert f"{sentence}." in page.read_text()

    report = json.loads(mirror_check("--json")[1])
    orphans = report["counts"]["orphaned"] + report["counts"]["object_orphaned"]
    assert (report["expected"], report["in_sync"], report["pending"], orphans) == (6, 3, 1, 1)
    assert report["parity_percent"] == 42.8571

    history = mirror_check("--history")[1]
    assert "The last complete check found 42.8571 %, not 100 %." in history
    today = day(timezone.localdate())
    lines = [re.split("  +", line) for line in history.splitlines()]
    assert lines[0] == [
        "day",
        "in sync, last check",
        "differing, at worst",
        "pending then",
        "result",
    ]
    assert [today, "42.8571 %", "42.8572 %", "1", "✕ too much differs"] in lines

    dashboard = admin_client.get("/admin/mirror/").content.decode()
    assert f"{sentence}: " in dashboard
    assert (
        "<td>42.8571 %</td><td>42.8572 %</td><td>7</td><td>1</td>" in dashboard
    )  # in sync, differing, rows and orphans, pending
    assert "<dd>42.8571 %<small>" in dashboard
    assert "Lowest parity 42.8571 %, last 42.8571 %." in dashboard
    assert ">42.8571 %</td>" in admin_client.get("/admin/mirror/checkrun/").content.decode()
    assert str(CheckRun.objects.first()).endswith(": 42.8571 %")


def test_an_orphan_is_counted_once_and_its_equal_row_is_in_sync(
    mirror: Stores, owner: User
) -> None:
    session, *_ = make_sessions(owner, 4, transcript_text=TRANSCRIPT)
    worker.drain()
    mirror.objects.put(f"transcripts/{session.pk}/1-stray.json", b"{}")
    mirror.objects.put(f"transcripts/{session.pk}/2-stray.json", b"{}")
    put_copy_of_item(mirror, item_of(mirror, session.pk))
    report = check(mirror)
    assert (report.expected, report.in_sync, report.figures.orphans) == (4, 4, 3)
    assert report.figures.differing == len(report.findings) == 3
    assert report.parity_percent == 57.1428


@pytest.mark.parametrize(
    ("figures", "in_sync", "differs"),
    [
        (Figures(expected=0, in_sync=0, pending=0, orphans=0), 100, 0),
        (Figures(expected=3, in_sync=3, pending=0, orphans=0), 100, 0),
        (Figures(expected=3, in_sync=2, pending=1, orphans=0), 66.6666, 0),
        (Figures(expected=7, in_sync=6, pending=0, orphans=0), 85.7142, 14.2858),
        (Figures(expected=3, in_sync=3, pending=0, orphans=1), 75, 25),
        (Figures(expected=0, in_sync=0, pending=0, orphans=1), 0, 100),
        (Figures(expected=20_000, in_sync=19_999, pending=0, orphans=0), 99.995, 0.005),
        (Figures(expected=10**9, in_sync=10**9 - 1, pending=0, orphans=0), 99.9999, 0.0001),
    ],
)
def test_shares_are_of_all_rows_and_orphans_and_hide_no_difference(
    figures: Figures, in_sync: float, differs: float
) -> None:
    assert (figures.parity_percent, figures.mismatch_percent) == (in_sync, differs)
