"""``mirror_setup`` creates the table and the bucket."""

from __future__ import annotations

from django.contrib.auth.models import User

from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_campaign, make_sessions
from tests.support.stored import assert_equal


def test_a_new_store_is_created_and_every_row_enqueued_for_it(mirror: Stores, owner: User) -> None:
    make_sessions(owner, 2, make_campaign(owner), transcript_text=TRANSCRIPT, notes="n" * 60_000)
    worker.drain()
    assert_equal(mirror)
    mirror.items.client.delete_table(TableName=mirror.items.table)
    for listed in list(mirror.objects.list("")):
        mirror.objects.delete(listed.key)
    mirror.objects.storage.client.delete_bucket(Bucket=mirror.objects.bucket)

    code, printed = run("mirror_setup")
    assert (code, "3 rows are enqueued" in printed) == (0, True)
    code, printed = run("mirror_setup", "--check")
    assert (code, "as they should be" in printed) == (0, True)
    assert worker.drain().complete
    assert_equal(mirror)
