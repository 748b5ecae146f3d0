"""``/healthz`` asks nobody; ``/readyz`` asks PostgreSQL, and waits two seconds at most."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import OperationalError
from django.db.backends.signals import connection_created
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from config.web import health
from mirror.models import LedgerEntry, Pulse
from tests.support.factories import make_campaign, make_user


@pytest.fixture
def site(settings: Settings) -> None:
    """The settings of a site on the internet."""
    settings.ALLOWED_HOSTS = ["tabletop.example.org"]
    settings.SECURE_SSL_REDIRECT = True


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_reads_only(client: Client, transactional_db: None, path: str) -> None:
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


def test_healthz_is_answered_by_address_over_http_without_the_database(
    client: Client, site: None
) -> None:  # no fixture allows the database here: a query would be an error
    answer = client.get("/healthz", headers={"Host": "10.1.2.3:8000"})
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_readyz_tells_the_state_of_the_mirror_by_address(
    client: Client, site: None, transactional_db: None
) -> None:
    for name in "abc":
        make_campaign(make_user(name), "PRIVATE-CANARY")
    LedgerEntry.objects.filter(pk=LedgerEntry.objects.earliest("pk").pk).retry()
    parked = LedgerEntry.objects.latest("pk")
    LedgerEntry.objects.filter(pk=parked.pk).update(parked_at=parked.owed_since)
    Pulse().beat()
    answer = client.get("/readyz", headers={"Host": "10.1.2.3:8000"})
    assert answer.status_code == 200
    content = answer.json()
    assert content["mirror"].pop("oldest_pending_seconds") >= 0
    assert content == {
        "ready": True,
        "mirror": {"enabled": True, "pending": 2, "parked": 1, "workers_alive": 1},
    }


def test_a_broken_mirror_does_not_make_the_site_unready(
    client: Client, settings: Settings, transactional_db: None
) -> None:
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    assert client.get("/readyz").json() == {"ready": True, "mirror": {"enabled": False}}


def test_without_the_database_it_is_not_ready_and_names_no_host(
    client: Client, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("connection to server at HIDDEN failed")

    with monkeypatch.context() as patch:
        patch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.connect", refuse)
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "why": "the database does not answer (OperationalError)",
    }


def test_a_migration_that_is_not_applied_makes_it_unready(
    client: Client, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = "django.db.migrations.executor.MigrationExecutor.migration_plan"
    monkeypatch.setattr(plan, lambda *_: [("a migration", False)])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "why": "migrations are not applied: 1"}


def test_a_database_that_hangs_is_asked_once_and_waited_for_no_longer_than_the_limit(
    client: Client, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.2)
    hanging, asked = threading.Event(), list[str]()

    def hang(**_: object) -> None:
        asked.append(threading.current_thread().name)
        hanging.wait(30)

    connection_created.connect(hang)
    try:
        begun = time.monotonic()
        answers = [client.get("/readyz") for _ in range(2)]
        assert time.monotonic() - begun < 10
        assert [answer.status_code for answer in answers] == [503, 503]
        assert answers[0].json()["why"] == "the database does not answer in time"
        assert len(asked) == 1
    finally:
        connection_created.disconnect(hang)
        hanging.set()
        assert health.ready_check._answer is not None
        health.ready_check._answer.result(30)
    monkeypatch.undo()
    assert client.get("/readyz").status_code == 200


def test_its_questions_are_few_and_always_the_same(
    transactional_db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(7):
        assert health._state()[0] == 200
