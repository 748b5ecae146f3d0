"""``mirror_sync``: its options, and what it says if AWS is out of reach."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from mirror.management.commands import mirror_sync
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
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
    assert "Out of reach: DynamoDB." in done.stderr
    assert "1 pending" in done.stdout


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
