"""One slow answer holds up its own row, and no other."""

from __future__ import annotations

import threading
import time

import pytest
from django.contrib.auth.models import User
from django.db import connection

from mirror.models import LedgerEntry, State
from mirror.stores.clients import Stores
from mirror.stores.s3 import ObjectStore
from mirror.sync import worker
from tests.support.factories import make_campaign, make_session
from tests.support.stored import assert_equal_after_sync


def wait_for(state: State, object_id: object, seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if LedgerEntry.objects.get(object_id=object_id).state == state:
            return True
        time.sleep(0.02)
    return False


def test_another_change_is_mirrored_while_one_upload_hangs(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, release, stop = threading.Event(), threading.Event(), threading.Event()
    put = ObjectStore.put

    def hang(self: ObjectStore, key: str, content: bytes) -> None:
        hanging.set()
        assert release.wait(60)
        put(self, key, content)

    monkeypatch.setattr(ObjectStore, "put", hang)
    slow = make_session(owner, transcript_text="MATT: hello")

    def watch() -> None:
        try:
            worker.Worker(stop=stop).watch()
        finally:
            connection.close()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        assert hanging.wait(30)
        campaigns = [make_campaign(owner, f"{number}") for number in range(3)]
        assert all(wait_for(State.MIRRORED, campaign.pk, 10) for campaign in campaigns)
        assert LedgerEntry.objects.get(object_id=slow.pk).state == State.PENDING
    finally:
        release.set()
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert_equal_after_sync(mirror)
