"""Rows are inserted only if the rows that they refer to exist and PostgreSQL accepts them."""

from __future__ import annotations

from functools import partial

from django.contrib.auth.models import User

from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from sessions_app.models import Session
from tests.mirror.restore.conftest import Lose
from tests.support.commands import run
from tests.support.factories import make_session
from tests.support.stored import item_of
from tests.support.tampering import delete_item

mirror_restore = partial(run, "mirror_restore")


def test_a_row_whose_owner_or_campaign_is_missing_is_not_restored(
    mirror: Stores, session: Session, lose_all_rows: Lose
) -> None:
    lose_all_rows()
    delete_item(mirror, item_of(mirror, session.campaign_id))
    code, printed = mirror_restore("--apply")
    assert code == 1
    assert f"campaign: campaigns.campaign {session.campaign_id} is missing" in printed
    assert Session.objects.get().name == "unfiled"
    Session.objects.all().delete()
    LedgerEntry.objects.all().delete()
    owner_id = session.owner_id
    User.objects.all().delete()
    for mode in ("--dry-run", "--apply"):
        assert f"owner: auth.user {owner_id} is missing" in mirror_restore(mode)[1]
    assert not Session.objects.exists()


def test_a_row_that_postgresql_refuses_delays_no_other(
    mirror: Stores, session: Session, lose_all_rows: Lose
) -> None:
    lose_all_rows()
    make_session(session.owner, share_token=session.share_token)
    code, printed = mirror_restore("--apply")
    assert (code, "IntegrityError sessions_app_session_share_token" in printed) == (1, True)
    assert Session.objects.filter(name="unfiled").exists()
