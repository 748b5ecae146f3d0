"""The states of an S3 key: what they turn into, and how they are stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from mirror.models import LedgerEntry
from mirror.models.key_states import (
    IN_USE,
    LANDED,
    REUPLOADED,
    UPLOAD_MAY_LAND,
    KeyState,
    dump,
    load,
)
from mirror.sync.backfill import enqueue_all
from tests.support.factories import make_campaign

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
UPLOADING = KeyState.uploading(NOON)
STATES = [IN_USE, REUPLOADED, LANDED, UPLOADING]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_a_state_comes_back_from_its_text(state: KeyState) -> None:
    assert KeyState.parse(str(state)) == state
    assert load(dump({"key": state})) == {"key": state}


def test_an_unknown_text_is_an_error() -> None:
    with pytest.raises(ValueError, match="in used"):
        KeyState.parse("in used")


@pytest.mark.parametrize(
    ("state", "superseded"),
    [(IN_USE, LANDED), (REUPLOADED, UPLOADING), (LANDED, LANDED), (UPLOADING, UPLOADING)],
    ids=str,
)
def test_a_superseded_key_is_removed_until_no_upload_can_land(
    state: KeyState, superseded: KeyState
) -> None:
    assert state.superseded(NOON) == superseded


def test_an_upload_may_land_for_sixteen_minutes() -> None:
    assert UPLOADING.may_land(NOON + UPLOAD_MAY_LAND - timedelta(seconds=1))
    assert not UPLOADING.may_land(NOON + UPLOAD_MAY_LAND)
    assert not LANDED.may_land(NOON)


@pytest.mark.usefixtures("transactional_db")
def test_a_backfill_supersedes_keys_as_the_engine_does(owner: User) -> None:
    make_campaign(owner)
    entry = LedgerEntry.objects.get()
    entry.object_keys = dump({str(number): state for number, state in enumerate(STATES)})
    entry.save()
    enqueue_all(force_upload=True)
    entry.refresh_from_db()
    now = datetime.now(UTC)
    in_use, reuploaded, landed, uploading = entry.key_states.values()
    assert (in_use, landed, uploading) == (LANDED, LANDED, UPLOADING)
    assert abs(reuploaded.may_land_until - REUPLOADED.superseded(now).may_land_until) < timedelta(
        minutes=1
    )
