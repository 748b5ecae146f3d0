"""PostgreSQL was restored from a backup: what only the mirror holds is never overwritten unseen."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from mirror.models import LedgerEntry, State
from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.support.commands import run
from tests.support.factories import make_campaign
from tests.support.stored import assert_equal, item_of


def restore_backup(saves_since: int, campaign: Any) -> None:
    """Take the database back to how it was before the last saves; the stores stay as they are."""
    entry = LedgerEntry.objects.get(object_id=campaign.pk)
    LedgerEntry.objects.filter(pk=entry.pk).update(
        revision=entry.revision - saves_since, mirrored_revision=entry.revision - saves_since
    )


@pytest.mark.parametrize("saves_since", [1, 2])
def test_a_save_after_a_restore_does_not_overwrite_a_newer_edit(
    mirror: Stores, owner: User, saves_since: int
) -> None:
    campaign = make_campaign(owner, "old")
    worker.drain()
    for number in range(saves_since):
        campaign.name = f"newer edit {number}"
        campaign.save()
        worker.drain()
    restore_backup(saves_since, campaign)
    campaign.name = "written after the restore"
    campaign.save()

    worker.drain()
    entry = LedgerEntry.objects.get(object_id=campaign.pk)
    assert (entry.state, entry.error_class) == (State.PARKED, "RemoteAhead")
    assert item_of(mirror, campaign.pk)["name"] == f"newer edit {saves_since - 1}"

    assert run("mirror_check", "--repair")[0] == 0
    assert item_of(mirror, campaign.pk)["name"] == "written after the restore"
    assert_equal(mirror)
