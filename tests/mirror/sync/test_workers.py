"""``mirror_sync --processes``: several workers of one command share the ledger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from mirror.models import Heartbeat, LedgerEntry
from mirror.processes import Work
from mirror.stores.clients import Stores
from mirror.sync import workers
from tests.support.commands import run
from tests.support.factories import make_campaign
from tests.support.manage import SECRET_KEY, database_url, manage
from tests.support.paths import PROJECT
from tests.support.stored import assert_equal

mirror_sync = partial(run, "mirror_sync")


def test_processes_share_a_backlog(mirror: Stores, owner: User) -> None:
    for number in range(250):
        make_campaign(owner, f"Campaign {number}")
    code, output = mirror_sync("--processes=2")
    assert (code, output) == (0, "250 mirrored, 0 pending, 0 parked.\n")
    assert_equal(mirror)


def test_a_store_out_of_reach_is_named_by_all_processes_once(mirror: Stores, owner: User) -> None:
    make_campaign(owner)
    done = manage(
        "mirror_sync",
        "--processes=2",
        DATABASE_URL=database_url(),
        AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:9",
    )
    assert done.returncode == 2
    assert done.stderr.count("Out of reach: DynamoDB.") == 1
    assert "1 pending" in done.stdout


def test_a_watch_of_several_processes_mirrors_and_stops(mirror: Stores, owner: User) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "0",
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database_url(),
    }
    command = [sys.executable, "manage.py", "mirror_sync", "--watch", "--processes=2"]
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as worker:
        try:
            assert worker.stdout is not None
            assert "Watching" in worker.stdout.readline()
            make_campaign(owner)
            until = time.monotonic() + 30
            while LedgerEntry.objects.pending().exists():
                assert time.monotonic() < until
                time.sleep(0.05)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=20) == 0
        finally:
            worker.kill()
    assert Heartbeat.objects.exists()
    assert not Heartbeat.objects.alive().exists()
    assert_equal(mirror)


@pytest.mark.parametrize("count", ["0", "-1", "two", "1.5", ""])
def test_the_number_of_processes_must_be_whole_and_positive(db: None, count: str) -> None:
    with pytest.raises(CommandError, match="whole number above 0"):
        call_command("mirror_sync", f"--processes={count}")


@pytest.mark.parametrize(
    ("rate", "processes"), [(None, 8), (100.0, 8), (3.0, 3), (2.5, 2), (1.0, 1), (0.5, 1)]
)
def test_no_more_processes_work_than_rows_are_allowed_in_a_second(
    db: None, monkeypatch: pytest.MonkeyPatch, rate: float | None, processes: int
) -> None:
    rates: list[float | None] = []

    class Idle:
        def __init__(self, *, rate: float | None, **_: Any) -> None:
            rates.append(rate)

        def watch(self) -> None:
            pass

        drain = watch

    def one_after_another(count: int, work: Work[Any], **_: Any) -> Iterator[Any]:
        for number in range(count):
            work(number, bool)
        yield from ()

    monkeypatch.setattr(workers, "Worker", Idle)
    monkeypatch.setattr(workers, "in_processes", one_after_another)
    for begin in (workers.watch, workers.drain):
        rates.clear()
        begin(8, stop=Event(), rate=rate)
        assert len(rates) == processes
        assert rate is None or sum(filter(None, rates)) == rate
