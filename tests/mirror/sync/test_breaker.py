"""AWS refuses, or hangs: people notice nothing, operators are told once, nothing is lost."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from campaigns.models import Campaign
from mirror.errors import StoreError
from mirror.models import LedgerEntry, Outage
from mirror.stores import clients
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session
from tests.support.aws import point_clients_at
from tests.support.stored import assert_equal_after_sync


@pytest.fixture
def refusing() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def hanging() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def write(owner: User, count: int = 5) -> None:
    campaign = Campaign.objects.create(owner=owner, name="C")
    for number in range(count):
        Session.objects.create(
            owner=owner, campaign=campaign, name=f"S{number}", transcript_text=f"MATT: {number}"
        )


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]


@pytest.mark.parametrize("fault", ["refusing", "hanging"])
@pytest.mark.parametrize("store", ["DynamoDB", "S3"])
def test_people_notice_nothing_and_operators_are_told_once(
    fault: str,
    store: str,
    mirror: Stores,
    aws_address: str,
    owner: User,
    inline: None,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    sentry: list[dict[str, object]],
) -> None:
    bad = request.getfixturevalue(fault)
    dynamodb, s3 = (bad, aws_address) if store == "DynamoDB" else (aws_address, bad)
    point_clients_at(dynamodb, s3, monkeypatch)

    write(owner)

    assert Session.objects.count() == 5
    assert LedgerEntry.objects.pending().count() >= 5
    (said,) = errors(caplog)
    assert said.startswith(f"{store} is out of reach")
    assert len(sentry) == 1
    assert Outage.objects.open().get().store == store

    point_clients_at(aws_address, aws_address, monkeypatch)
    assert_equal_after_sync(clients.background_clients())
    assert not Outage.objects.open().exists()
    assert len(errors(caplog)) == 1
    assert "is back" in caplog.text


def test_both_out_of_reach_at_once(
    mirror: Stores,
    aws_address: str,
    owner: User,
    inline: None,
    refusing: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    point_clients_at(refusing, refusing, monkeypatch)
    write(owner)
    drained = worker.drain()
    assert drained.helpless
    assert drained.backlog.pending == 6

    point_clients_at(aws_address, aws_address, monkeypatch)
    assert_equal_after_sync(clients.background_clients())


def test_what_needs_no_s3_is_mirrored_while_s3_is_out(
    mirror: Stores, aws_address: str, owner: User, refusing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_clients_at(aws_address, refusing, monkeypatch)
    write(owner)
    Campaign.objects.create(owner=owner, name="Later")
    drained = worker.drain()
    assert (drained.mirrored, drained.backlog.pending) == (2, 5)
    assert not drained.helpless


def test_credentials_that_come_late_are_used_without_a_restart(
    mirror: Stores, owner: User, inline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            without.delenv(name)
        clients.reset_clients()
        write(owner, 1)
        assert not worker.drain().mirrored
        classes = Outage.objects.open().values_list("error_class", flat=True)
        assert set(classes) == {"NoCredentialsError"}
    assert_equal_after_sync(clients.background_clients())


@pytest.mark.parametrize("dispatch", ["inline", "worker"])
def test_stores_that_cannot_be_set_up_leave_no_claim_behind(
    mirror: Stores,
    aws_address: str,
    owner: User,
    settings: Settings,
    dispatch: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": dispatch}
    point_clients_at("no address", aws_address, monkeypatch)
    write(owner, 1)
    if dispatch == "worker":
        with pytest.raises(StoreError):
            worker.mirror_due()
    assert LedgerEntry.objects.pending().count() == 2
    assert not LedgerEntry.objects.exclude(claim=None).exists()
