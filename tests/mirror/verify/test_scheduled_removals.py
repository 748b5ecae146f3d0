"""An object whose removal the ledger has scheduled is on its way, and no orphan."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from mirror.models import LedgerEntry
from mirror.models.key_states import KeyState
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.stored import assert_equal

mirror_check = partial(run, "mirror_check")


@pytest.fixture
def late_upload(mirror: Stores, session: Session) -> str:
    """An upload that has landed after its object was removed; the removal is repeated later."""
    key = f"transcripts/{session.pk}/1-{'0' * 64}.json"
    entry = LedgerEntry.objects.get(object_id=session.pk)
    lands_until = timezone.now() + timedelta(minutes=16)
    entry.object_keys[key] = str(KeyState(may_land_until=lands_until))
    entry.sweep_at = lands_until
    entry.save()
    mirror.objects.put(key, b"{}")
    return key


def overdue(late_upload: str, **fields: object) -> None:
    """Let an hour go by without a worker."""
    an_hour_ago = timezone.now() - timedelta(minutes=60)
    entry = LedgerEntry.objects.get(object_keys__has_key=late_upload)
    entry.object_keys[late_upload] = str(KeyState(may_land_until=an_hour_ago))
    entry.sweep_at = an_hour_ago
    entry.save()


def test_an_object_to_be_removed_is_pending_and_no_orphan(mirror: Stores, late_upload: str) -> None:
    report = check.check(mirror)
    assert (list(report.findings), report.pending, report.in_sync) == ([], 1, 2)
    assert mirror_check()[0] == 0


def test_an_object_to_be_removed_of_a_row_that_is_gone_is_no_orphan(
    mirror: Stores, session: Session, late_upload: str
) -> None:
    Session.objects.filter(pk=session.pk).delete()
    worker.drain()
    mirror.objects.put(late_upload, b"{}")  # it lands again
    assert LedgerEntry.objects.get(object_id=session.pk).sweep_at
    assert not check.check(mirror).findings
    assert mirror_check()[0] == 0


def test_an_object_to_be_removed_hides_no_difference_of_its_row(
    mirror: Stores, session: Session, late_upload: str
) -> None:
    other = f"transcripts/{session.pk}/2-{'0' * 64}.json"
    mirror.objects.put(other, b"{}")
    (finding,) = check.check(mirror).findings
    assert (finding.kind, finding.key) == ("object_orphaned", other)


def test_an_object_of_a_parked_row_is_an_orphan_since_nothing_removes_it(
    mirror: Stores, session: Session, late_upload: str
) -> None:
    entry = LedgerEntry.objects.get(object_id=session.pk)
    entry.revision += 1
    entry.parked_at = timezone.now()
    entry.save()
    (finding,) = check.check(mirror).findings
    assert (finding.kind, finding.key) == ("object_orphaned", late_upload)


def test_an_overdue_removal_is_pending_and_too_old(
    mirror: Stores, late_upload: str, admin_client: Client
) -> None:
    assert mirror_check("--max-pending-age", "0")[0] == 0  # not due yet
    overdue(late_upload)
    code, printed = mirror_check("--max-pending-age", "59")
    assert code == 1
    assert "Changes are pending: 1, the oldest for more than 59 minutes" in printed
    assert mirror_check("--max-pending-age", "61")[0] == 0
    assert "<dt>Changes pending</dt><dd>1<small>the oldest for 1" in admin_client.get(
        "/admin/mirror/"
    ).content.decode().replace("\xa0", " ")
    worker.drain()
    assert_equal(mirror)
    assert mirror_check("--max-pending-age", "0")[0] == 0


def test_a_removal_that_fails_again_and_again_stays_overdue(
    mirror: Stores, late_upload: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    overdue(late_upload)
    wait = LedgerEntry.objects.backlog().longest_wait
    assert wait
    LedgerEntry.objects.all().make_due_now()  # as each mirror_sync does
    assert (LedgerEntry.objects.backlog().longest_wait or timedelta()) >= wait
