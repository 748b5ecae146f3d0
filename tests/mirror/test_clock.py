"""Times come from PostgreSQL: an application whose clock is wrong does no harm."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.utils import timezone

from mirror.models import CheckRun, LedgerEntry
from mirror.models.clock import database_time
from mirror.models.key_states import REUPLOADED, UPLOAD_MAY_LAND, dump
from mirror.stores.clients import Stores
from mirror.sync.backfill import enqueue_all
from mirror.verify import check
from mirror.verify.repair import plan
from mirror.verify.verdict import current_verdict
from tests.support.commands import run
from tests.support.factories import make_campaign
from tests.support.tampering import put_object_without_row

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=[-2, 2], ids=["two hours behind", "two hours ahead"], autouse=True)
def wrong_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong_by = timezone.now, timedelta(hours=request.param)
    monkeypatch.setattr(timezone, "now", lambda: right() + wrong_by)


@pytest.fixture
def entry(mirror: Stores, owner: User) -> LedgerEntry:
    """The entry of a mirrored row, with an object that was uploaded more than once."""
    make_campaign(owner)
    entry = LedgerEntry.objects.get()
    entry.mirrored_revision = entry.revision
    entry.object_keys = dump({"key": REUPLOADED})
    entry.save()
    return entry


def assert_owed_since_now(entry: LedgerEntry) -> None:
    entry.refresh_from_db()
    now = database_time()
    assert now - MINUTE < entry.owed_since <= now
    assert now < entry.key_states["key"].may_land_until - UPLOAD_MAY_LAND + MINUTE <= now + MINUTE


def test_a_row_marked_dirty_is_owed_from_now_on(entry: LedgerEntry) -> None:
    LedgerEntry.objects.mark_dirty(entry.model, entry.object_id)
    assert_owed_since_now(entry)


def test_a_row_of_a_backfill_is_owed_from_now_on(entry: LedgerEntry) -> None:
    enqueue_all(force_upload=True)
    assert_owed_since_now(entry)


def test_a_new_object_is_young(mirror: Stores) -> None:
    put_object_without_row(mirror, {})
    (finding,) = check.check(mirror).findings
    assert plan([finding], mirror, delete_orphans=True).left == (finding,)


def test_a_row_is_pending_for_as_long_as_it_is(mirror: Stores, owner: User) -> None:
    make_campaign(owner)
    too_long = "the oldest for more than"
    code, printed = run("mirror_check", "--max-pending-age", "60")
    assert (code, too_long in printed) == (0, False)
    assert too_long not in " ".join(one.sentence for one in current_verdict().lacking)

    LedgerEntry.objects.update(owed_since=Now() - timedelta(minutes=90))
    code, printed = run("mirror_check", "--max-pending-age", "60")
    assert (code, too_long in printed) == (1, True)
    assert too_long in " ".join(one.sentence for one in current_verdict().lacking)
    recorded = CheckRun.objects.values_list("oldest_pending_seconds", flat=True).order_by("pk")
    assert [round(seconds / 60) for seconds in recorded if seconds is not None] == [0, 90]
