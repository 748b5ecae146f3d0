"""Everything works behind pgbouncer in transaction mode, which keeps no session."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from campaigns.models import Campaign
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.worker import Worker
from sessions_app.models import Session
from tests.support import pgbouncer
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_campaign, make_sessions
from tests.support.stored import assert_equal

pytestmark = pytest.mark.skipif(not pgbouncer.program(), reason="pgbouncer is not installed")


@pytest.fixture
def rows(mirror: Stores, owner: User) -> list[Session]:
    """Mirrored rows: more than a check compares together."""
    sessions = make_sessions(owner, 60, make_campaign(owner), transcript_text=TRANSCRIPT)
    worker.drain()
    assert_equal(mirror)
    return sessions


@pytest.fixture
def pooled(rows: list[Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The mirrored rows, and every connection from now on goes through pgbouncer."""
    # The mirror asks nothing of the settings: another project may not know of this one.
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", False)
    with pgbouncer.pooled_connections(tmp_path):
        yield


def test_a_check_behind_a_pooler_compares_everything(pooled: None) -> None:
    code, printed = run("mirror_check")
    assert (code, "100 % in sync: 61 of 61 rows" in printed) == (0, True), printed


def test_shares_of_a_check_behind_a_pooler_are_joined(pooled: None) -> None:
    assert run("mirror_check", "--segment=2/2")[0] == 0
    code, printed = run("mirror_check", "--segment=1/2")
    assert (code, "100 % in sync: 61 of 61 rows" in printed) == (0, True), printed


def test_a_backfill_behind_a_pooler_enqueues_everything(pooled: None, mirror: Stores) -> None:
    code, printed = run("mirror_sync", "--all")
    assert (code, printed) == (0, "61 rows are enqueued.\n61 mirrored, 0 pending, 0 parked.\n")
    assert_equal(mirror)


def test_a_restore_behind_a_pooler_brings_lost_rows_back(pooled: None, mirror: Stores) -> None:
    Session.objects.all().delete()
    LedgerEntry.objects.all().delete()
    code, printed = run("mirror_restore", "--apply")
    assert code == 0, printed
    assert Session.objects.count() == 60
    worker.drain()
    assert_equal(mirror)


def test_a_worker_behind_a_pooler_sees_a_change(pooled: None, mirror: Stores, owner: User) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(stop,))
    thread.start()
    try:
        wait_until_mirrored(make_campaign(owner))
    finally:
        stop.set()
        thread.join()
    assert_equal(mirror)


def _watch(stop: threading.Event) -> None:
    try:
        Worker(stop=stop).watch()
    finally:
        connection.close()


def wait_until_mirrored(campaign: Campaign) -> None:
    """Wait; fail after half a minute."""
    entry = LedgerEntry.objects.filter(object_id=campaign.pk)
    limit = time.monotonic() + 30
    while entry.owed().exists():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_pages_with_choices_and_an_archive_work_behind_a_pooler(
    rows: list[Session], gm: Client, tmp_path: Path
) -> None:
    campaign = rows[0].campaign
    assert campaign
    with pgbouncer.pooled_connections(tmp_path):
        form = gm.get(f"/sessions/{rows[0].pk}/edit/").content.decode()
        archive = gm.get(f"/campaigns/{campaign.pk}/export/")
        content = archive.getvalue()
    assert campaign.name in form
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert len(file.namelist()) == 2 + 2 * 60  # the campaign is in two files as well
