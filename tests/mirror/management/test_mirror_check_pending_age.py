"""A dead worker is noticed: rows that are pending for too long make the check fail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from pytest_django.fixtures import Settings

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.commands import run
from tests.support.factories import make_campaign


@pytest.fixture
def pending_for_an_hour_and_a_half(mirror: Stores, owner: User) -> None:
    make_campaign(owner)
    LedgerEntry.objects.update(owed_since=Now() - timedelta(minutes=90))


@pytest.mark.usefixtures("pending_for_an_hour_and_a_half")
def test_old_pending_rows_exit_with_1_and_say_so() -> None:
    code, printed = run("mirror_check")
    assert code == 1
    sentence = "Changes are pending: 1, the oldest for more than 60 minutes. Does the worker run?"
    assert sentence in printed


@pytest.mark.usefixtures("pending_for_an_hour_and_a_half")
def test_the_limit_can_be_raised() -> None:
    assert run("mirror_check", "--max-pending-age", "100")[0] == 0


@pytest.mark.usefixtures("pending_for_an_hour_and_a_half")
def test_the_limit_can_be_set(settings: Settings) -> None:
    settings.MIRROR = {**settings.MIRROR, "MAX_PENDING_MINUTES": 100}
    assert run("mirror_check")[0] == 0


def test_a_deletion_is_pending_in_the_check_as_on_the_dashboard(
    mirror: Stores, owner: User, admin_client: Client
) -> None:
    campaign = make_campaign(owner)
    worker.drain()
    assert "Changes pending now" not in run("mirror_check")[1]
    campaign.delete()
    printed = run("mirror_check")[1]
    assert "0 of 0 rows, 0 pending" in printed
    assert "Changes pending now, deletions included: 1." in printed
    assert "<dt>Changes pending</dt><dd>1<small>" in admin_client.get("/admin/mirror/").text


def test_what_is_pending_for_a_moment_is_no_failure(mirror: Stores, owner: User) -> None:
    make_campaign(owner)
    assert run("mirror_check")[0] == 0
