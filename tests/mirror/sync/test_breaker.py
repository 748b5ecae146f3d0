"""An outage: saves go on, it is reported once, and the rows are mirrored afterwards."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from mirror.errors import Failure, Kind, StoreError
from mirror.models import LedgerEntry, Outage
from mirror.stores import clients
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.breaker import Breaker
from sessions_app.models import Session
from tests.support.aws import point_clients_at
from tests.support.factories import TRANSCRIPT, make_campaign, make_session
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


def save_rows(owner: User, count: int = 5) -> None:
    """Save a campaign and this number of sessions, one by one."""
    campaign = make_campaign(owner)
    for _ in range(count):
        make_session(owner, campaign, transcript_text=TRANSCRIPT)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]


@pytest.mark.parametrize("fault", ["refusing", "hanging"])
@pytest.mark.parametrize("store", ["DynamoDB", "S3"])
def test_an_outage_does_not_stop_saves_and_is_reported_once(
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
    faulty = request.getfixturevalue(fault)
    dynamodb, s3 = (faulty, aws_address) if store == "DynamoDB" else (aws_address, faulty)
    point_clients_at(dynamodb, s3, monkeypatch)

    save_rows(owner)

    assert Session.objects.count() == 5
    assert LedgerEntry.objects.pending().count() >= 5
    (message,) = errors(caplog)
    assert message.startswith(f"{store} is out of reach")
    assert len(sentry) == 1
    assert Outage.objects.open().get().store == store

    point_clients_at(aws_address, aws_address, monkeypatch)
    assert_equal_after_sync(clients.background_clients())
    assert not Outage.objects.open().exists()
    assert len(errors(caplog)) == 1
    assert re.search(rf"{store} is back. Mirroring goes on. Changes pending: \d+\.", caplog.text)


def test_the_end_of_an_outage_in_which_nothing_changed_is_told_without_a_count(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    Outage.objects.begin("S3", Failure(Kind.UNREACHABLE, "Timeout", store="S3"))
    one = Breaker()
    one.refresh()
    one.succeeded("S3")
    one.report()
    assert [record.getMessage() for record in caplog.records] == ["S3 is back."]


def test_a_drain_with_both_stores_out_of_reach_could_not_work(
    mirror: Stores,
    aws_address: str,
    owner: User,
    inline: None,
    refusing: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    point_clients_at(refusing, refusing, monkeypatch)
    save_rows(owner)
    drained = worker.drain()
    assert drained.helpless
    assert drained.backlog.pending == 6

    point_clients_at(aws_address, aws_address, monkeypatch)
    assert_equal_after_sync(clients.background_clients())


def test_rows_without_bodies_are_mirrored_while_s3_is_out_of_reach(
    mirror: Stores, aws_address: str, owner: User, refusing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_clients_at(aws_address, refusing, monkeypatch)
    save_rows(owner)
    make_campaign(owner)
    drained = worker.drain()
    assert (drained.mirrored, drained.backlog.pending) == (2, 5)
    assert not drained.helpless


def test_credentials_that_appear_later_are_used_without_a_restart(
    mirror: Stores, owner: User, inline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.delenv(name)
        clients.reset_clients()
        save_rows(owner, 1)
        assert not worker.drain().mirrored
        classes = Outage.objects.open().values_list("error_class", flat=True)
        assert set(classes) == {"NoCredentialsError"}
    assert_equal_after_sync(clients.background_clients())


@pytest.mark.parametrize("dispatch", ["inline", "worker"])
def test_clients_that_cannot_be_made_leave_no_claim_behind(
    mirror: Stores,
    aws_address: str,
    owner: User,
    settings: Settings,
    dispatch: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.MIRROR = {**settings.MIRROR, "DISPATCH": dispatch}
    point_clients_at("no address", aws_address, monkeypatch)
    save_rows(owner, 1)
    if dispatch == "worker":
        with pytest.raises(StoreError):
            worker.mirror_due()
    assert LedgerEntry.objects.pending().count() == 2
    assert not LedgerEntry.objects.exclude(claim=None).exists()
