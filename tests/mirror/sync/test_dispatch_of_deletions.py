"""Deletions are captured by the trigger alone: Django need not load what it deletes."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.models import Session
from tests.support.factories import make_session
from tests.support.stored import assert_equal_after_sync


def test_deleting_a_user_loads_no_transcript(mirror: Stores, owner: User) -> None:
    for number in range(3):
        make_session(owner, name=f"{number}", transcript_text="MATT: hello")
    worker.drain()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        owner.delete()
    assert not Session.objects.exists()
    selects = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    assert not [sql for sql in selects if "transcript_text" in sql]
    assert LedgerEntry.objects.pending().count() == 3
    assert_equal_after_sync(mirror)
