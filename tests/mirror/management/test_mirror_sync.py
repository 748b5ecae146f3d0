"""``mirror_sync``: its options, and what it says if AWS is out of reach."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from mirror.management.commands import mirror_sync
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores, reset_clients
from mirror.sync import worker, workers
from tests.support.commands import run
from tests.support.factories import make_campaign
from tests.support.manage import database_url, manage


def test_a_store_out_of_reach_is_named_and_ends_with_exit_code_2(
    mirror: Stores, owner: User
) -> None:
    make_campaign(owner)
    done = manage(
        "mirror_sync",
        DATABASE_URL=database_url(),
        AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:9",
    )
    assert done.returncode == 2
    assert done.stderr.endswith(
        "Out of reach: DynamoDB.\nDynamoDB cannot be reached or used: EndpointConnectionError."
        " Nothing answers at http://127.0.0.1:9.\n"
    )
    assert "1 pending" in done.stdout


def test_a_missing_table_is_named(
    mirror: Stores, owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "OUTAGE_RETRIES", 0)
    settings.MIRROR = {**settings.MIRROR, "TABLE": "none"}
    reset_clients()
    make_campaign(owner)
    code, output = run("mirror_sync")
    assert code == 2
    assert "There is no table none in " in output


@pytest.mark.parametrize(("module", "name"), [(mirror_sync, "enqueue_all"), (workers, "drain")])
def test_what_a_running_worker_has_mirrored_is_said(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    make_campaign(owner)
    begin = getattr(module, name)

    def beside_a_worker(*arguments: Any, **options: Any) -> Any:
        if name == "drain":
            worker.drain()
            return begin(*arguments, **options)
        count = begin(*arguments, **options)
        worker.drain()
        return count

    monkeypatch.setattr(module, name, beside_a_worker)
    code, printed = run("mirror_sync", "--all")
    assert code == 0
    assert printed == (
        "1 row is enqueued.\n0 mirrored here, 0 pending, 0 parked.\n"
        "Other processes, such as a running worker, mirrored the rest.\n"
    )


def test_what_is_left_was_mirrored_by_nobody(mirror: Stores, owner: User) -> None:
    make_campaign(owner)
    LedgerEntry.objects.update(parked_at=Now())
    make_campaign(owner)
    assert run("mirror_sync") == (1, "1 mirrored, 0 pending, 1 parked.\n")


@pytest.mark.parametrize("rate", ["0", "-1", "fast", "inf", "nan"])
def test_a_rate_must_be_a_positive_number(db: None, rate: str) -> None:
    with pytest.raises(CommandError, match="above 0"):
        call_command("mirror_sync", f"--rate={rate}")
