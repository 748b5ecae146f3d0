"""The heartbeat of a worker: written while it watches, and said loudly when it is missing."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import InternalError, OperationalError, connection
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client

from mirror.models import Heartbeat, LedgerEntry, Pulse, heartbeats
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.faults.threads import running_in_thread
from tests.support.commands import run
from tests.support.factories import make_campaign

mirror_check = partial(run, "mirror_check")
DASHBOARD = "/admin/mirror/"


def age(**past: int) -> None:
    """Let every heartbeat be older."""
    Heartbeat.objects.update(last_seen_at=F("last_seen_at") - timedelta(**past))


@pytest.fixture
def commits(transactional_db: None) -> Iterator[list[str]]:
    """How each heartbeat is committed, as PostgreSQL sees it."""
    seen: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE FUNCTION tell_beat() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE WARNING '%', current_setting('synchronous_commit'); RETURN NULL;
            END $$;
            CREATE TRIGGER tell AFTER INSERT ON mirror_heartbeat EXECUTE FUNCTION tell_beat();
            """
        )
    connection.connection.add_notice_handler(lambda notice: seen.append(notice.message_primary))
    yield seen
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION tell_beat() CASCADE")
    connection.close()


def test_a_watching_worker_is_seen_with_its_last_claim(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "INTERVAL", 0.0)
    make_campaign(owner)
    stop, told = threading.Event(), threading.Event()
    beat = Pulse.beat

    def note(pulse: Pulse) -> bool:
        told_now = beat(pulse)
        if Heartbeat.objects.filter(last_claim_at__isnull=False).exists():
            told.set()
        return told_now

    monkeypatch.setattr(Pulse, "beat", note)
    with running_in_thread(worker.Worker(stop=stop).watch):
        assert told.wait(30)
        heartbeat = Heartbeat.objects.alive().get()
        stop.set()
    assert heartbeat.process_id == os.getpid()
    assert heartbeat.host
    assert heartbeat.version
    assert heartbeat.last_claim_at is not None
    assert heartbeat.started_at < heartbeat.last_claim_at < heartbeat.last_seen_at
    assert not LedgerEntry.objects.owed().exists()


def test_a_worker_that_was_stopped_is_not_alive_any_more(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    beat = Pulse.beat

    def tell_once(pulse: Pulse) -> bool:
        told = beat(pulse)
        stop.set()
        return told

    monkeypatch.setattr(Pulse, "beat", tell_once)
    worker.Worker(stop=stop).watch()
    workers = Heartbeat.objects.workers()
    assert (workers.alive, Heartbeat.objects.alive().count()) == (0, 0)
    assert str(workers) == "Workers: none alive, last seen under 1 s ago."


@pytest.mark.parametrize("error", [OperationalError, InternalError])
def test_a_worker_ends_in_order_though_postgresql_does_not_hear_it(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_: object, **__: object) -> int:
        raise error("PRIVATE-CANARY")

    stop = threading.Event()
    stop.set()
    monkeypatch.setattr(type(Heartbeat.objects.all()), "update", fail)
    worker.Worker(stop=stop).watch()


def test_a_worker_that_waits_long_for_its_next_turn_goes_on_telling(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SOON", 0.01)
    for name in "AB":
        make_campaign(owner, name)
    stop, waiting = threading.Event(), threading.Event()
    beats: list[bool] = []
    beat = Pulse.beat

    def note(pulse: Pulse) -> None:
        beat(pulse)
        beats.append(LedgerEntry.objects.pending().count() == 1)
        if beats.count(True) > 2:
            waiting.set()

    monkeypatch.setattr(Pulse, "beat", note)
    with running_in_thread(worker.Worker(stop=stop, rate=0.001).watch):
        told = waiting.wait(20)
        stop.set()
    assert told


def test_a_process_tells_at_most_every_few_seconds_and_waits_for_no_disk(
    commits: list[str],
) -> None:
    pulse = Pulse()
    for _ in range(3):
        pulse.beat()
    assert commits == ["off"]
    Pulse().beat()
    assert Heartbeat.objects.workers().alive == 2


def test_the_dead_are_not_alive_and_a_new_process_removes_the_old(db: None) -> None:
    Pulse().beat()
    age(seconds=31)
    workers = Heartbeat.objects.workers()
    assert (workers.alive, str(workers)) == (0, "Workers: none alive, last seen 31 s ago.")
    Pulse().beat()
    assert Heartbeat.objects.count() == 2
    age(minutes=11)
    Pulse().beat()
    assert Heartbeat.objects.count() == 1


def test_the_dashboard_shows_workers_and_says_loudly_if_none_is_alive(
    mirror: Stores, admin_client: Client
) -> None:
    page = admin_client.get(DASHBOARD).text
    assert "No worker is alive</strong>." in page
    assert "none was ever seen" in page
    Pulse().beat()
    page = admin_client.get(DASHBOARD).text
    assert "No worker is alive" not in page
    assert re.search(r"1<small>last seen (under 1|\d) s ago", page)
    age(minutes=5)
    page = admin_client.get(DASHBOARD).text
    assert "No worker is alive</strong>: the last was seen 5 min " in page


def test_a_check_tells_of_workers_and_its_exit_code_does_not(mirror: Stores) -> None:
    assert mirror_check()[0] == 0
    assert "Workers: none alive, none was ever seen." in mirror_check()[1]
    assert json.loads(mirror_check("--json")[1])["workers"] == {"alive": 0, "last_seen_at": None}
    Pulse().beat()
    code, text = mirror_check("--json")
    workers = json.loads(text)["workers"]
    assert (code, workers["alive"]) == (0, 1)
    assert workers["last_seen_at"] == Heartbeat.objects.get().last_seen_at.isoformat()
    assert Heartbeat.objects.filter(last_seen_at__lte=Now()).exists()
