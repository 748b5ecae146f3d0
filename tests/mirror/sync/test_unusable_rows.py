"""What PostgreSQL refuses to note of one row, or to read of one model, holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.db import connection

from mirror.documents.items import ItemKey
from mirror.models import LedgerEntry, State
from mirror.models.attempts import Note
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.engine import Outcome
from mirror.sync.plan import Plan
from tests.support.factories import TRANSCRIPT, make_campaign, make_session, make_sessions
from tests.support.stored import assert_equal, assert_equal_after_sync


@pytest.mark.parametrize("step", ["before", "after"])
def test_a_row_of_which_the_ledger_cannot_hold_the_keys_is_parked_alone(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    bad, *_ = make_sessions(owner, 5)
    note = getattr(Plan, step)

    def note_what_cannot_be_held(self: Plan) -> Note:
        noted: Note = note(self)
        odd = ItemKey("user#\0", "sess#1")
        is_bad = self.entry.object_id == str(bad.pk)
        return replace(noted, item_keys=[*noted.item_keys, odd]) if is_bad else noted

    with monkeypatch.context() as broken:
        broken.setattr(Plan, step, note_what_cannot_be_held)
        assert worker.mirror_due() == {Outcome.MIRRORED: 4, Outcome.FAILED: 1}
        (entry,) = LedgerEntry.objects.pending()
        assert (entry.object_id, entry.attempts) == (str(bad.pk), 1)
        assert (entry.error_class, entry.claim) == ("DataError", None)
        for _ in range(2):
            LedgerEntry.objects.make_due_now()
            worker.mirror_due()
    assert LedgerEntry.objects.get(object_id=bad.pk).state == State.PARKED
    LedgerEntry.objects.retry()
    assert_equal_after_sync(mirror)


@contextmanager
def deploying() -> Iterator[None]:
    """The table of campaigns is not what the code expects."""
    rename = "ALTER TABLE campaigns_campaign RENAME {} TO {}"
    with connection.cursor() as cursor:
        cursor.execute(rename.format("description", "renamed"))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(rename.format("renamed", "description"))


def test_a_model_whose_table_is_being_changed_waits_and_the_others_do_not(
    mirror: Stores, owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        campaign = make_campaign(owner, f"{number}")
        make_session(owner, campaign, transcript_text=TRANSCRIPT)
    campaigns = LedgerEntry.objects.filter(model="campaigns.campaign")
    with caplog.at_level(logging.WARNING, logger="mirror"):
        with deploying(), mock.patch.object(connection, "close", side_effect=AssertionError):
            for _ in range(4):  # on one connection: the database itself is not the trouble
                worker.mirror_due()
                assert campaigns.pending().filter(claim=None).count() == 3
                assert not campaigns.due()  # they are left alone for a moment
                campaigns.make_due_now()
            assert not LedgerEntry.objects.exclude(model="campaigns.campaign").owed()
            assert set(campaigns.values_list("attempts", "error_class")) == {(0, "SchemaMismatch")}
        campaigns.make_due_now()
        worker.mirror_due()
    assert_equal(mirror)
    logged = [
        (record.levelname, "campaigns.campaign" in record.message) for record in caplog.records
    ]
    assert logged == [("ERROR", True), ("WARNING", True)]
    assert "UndefinedColumn" in caplog.text


def test_a_drain_ends_though_a_table_is_being_changed(mirror: Stores, owner: User) -> None:
    make_campaign(owner)
    with deploying():
        drained = worker.drain()
    assert (drained.mirrored, drained.backlog.pending, drained.backlog.parked) == (0, 1, 0)
    assert_equal_after_sync(mirror)
