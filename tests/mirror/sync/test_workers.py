"""``mirror_sync --processes``: several workers of one command share the ledger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
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
    assert_equal(mirror)


@pytest.mark.parametrize("count", ["0", "-1", "two", "1.5", ""])
def test_the_number_of_processes_must_be_whole_and_positive(db: None, count: str) -> None:
    with pytest.raises(CommandError, match="whole number above 0"):
        call_command("mirror_sync", f"--processes={count}")
