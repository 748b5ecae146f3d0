"""``mirror_sync``: its options, and what it says if AWS is out of reach."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django.fixtures import Settings

from mirror.documents.items import Item, Known
from mirror.errors import Failure, Kind, StoreError, Unmirrorable
from mirror.management.commands import mirror_sync
from mirror.models import LedgerEntry, Outage
from mirror.models.key_states import KeyState
from mirror.stores.clients import Stores, reset_clients
from mirror.stores.dynamodb import ItemStore
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
    assert "  1 pending: ClientError ResourceNotFoundException\n" in output


def test_the_present_reason_of_an_outage_is_told(
    mirror: Stores, owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "OUTAGE_RETRIES", 0)
    Outage.objects.begin(
        "DynamoDB", Failure(Kind.UNREACHABLE, "EndpointConnectionError", store="DynamoDB")
    )
    settings.MIRROR = {**settings.MIRROR, "TABLE": "none"}  # it answers again, but is empty
    reset_clients()
    make_campaign(owner)
    code, output = run("mirror_sync")
    assert code == 2
    assert "DynamoDB cannot be reached or used: ResourceNotFoundException. There is no" in output
    assert "EndpointConnectionError" not in output
    assert Outage.objects.count() == 1


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
    left = "  1 parked: no failure is noted\n"
    assert run("mirror_sync") == (1, f"1 mirrored, 0 pending, 1 parked.\n{left}")


def test_what_is_left_is_told_with_its_reasons(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaigns = [make_campaign(owner) for _ in range(3)]
    failing, refused = (str(campaign.pk) for campaign in campaigns[:2])
    put = ItemStore.put

    def refuse_some(store: ItemStore, item: Item, known: Known) -> None:
        if failing in repr(item):
            raise StoreError(Failure(Kind.UNEXPLAINED, "ClientError", "Odd", "DynamoDB"))
        if refused in repr(item):
            raise Unmirrorable("ItemTooLarge")
        put(store, item, known)

    monkeypatch.setattr(ItemStore, "put", refuse_some)
    monkeypatch.setattr(worker, "SOON", 0)
    code, printed = run("mirror_sync")
    assert code == 1
    assert printed.splitlines() == [
        "1 mirrored, 1 pending, 1 parked.",
        "  1 pending: ClientError Odd",
        "  1 parked: Unmirrorable ItemTooLarge",
    ]


def test_rows_that_the_table_is_ahead_of_are_one_reason(owner: User) -> None:
    for revision in range(12):
        entries = LedgerEntry.objects.filter(object_id=str(make_campaign(owner).pk))
        entries.update(parked_at=Now(), error_class="RemoteAhead", error_code=str(revision))
    assert LedgerEntry.objects.reasons() == [("parked", 12, "RemoteAhead")]


def test_an_object_that_is_removed_once_more_is_no_mirrored_row(
    mirror: Stores, owner: User
) -> None:
    make_campaign(owner)
    worker.drain()
    lands_until = timezone.now() + timedelta(minutes=16)
    entry = LedgerEntry.objects.get()
    entry.object_keys["transcripts/1/1-0.json"] = str(KeyState(may_land_until=lands_until))
    entry.sweep_at = lands_until
    entry.save()
    for _ in range(2):
        assert run("mirror_sync") == (0, "0 mirrored, 0 pending, 0 parked.\n")


@pytest.mark.parametrize("rate", ["0", "-1", "fast", "inf", "nan"])
def test_a_rate_must_be_a_positive_number(db: None, rate: str) -> None:
    with pytest.raises(CommandError, match="above 0"):
        call_command("mirror_sync", f"--rate={rate}")
