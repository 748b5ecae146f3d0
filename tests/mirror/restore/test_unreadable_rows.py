"""A row that Python cannot read is named, and all others are compared and restored."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from mirror.documents.unreadable import by_halves
from mirror.errors import DATABASE_TROUBLE
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.documents import SessionDocument
from sessions_app.models import Highlight, Session
from tests.support.commands import run
from tests.support.stored import item_of
from tests.support.tampering import delete_item, lose_unnoticed
from tests.support.unreadable import make_unreadable

mirror_restore = partial(run, "mirror_restore")


@pytest.mark.parametrize("value", ["infinity", "0044-03-15 BC"])
def test_an_unreadable_row_is_named_and_the_others_are_restored(
    mirror: Stores, session: Session, value: str
) -> None:
    make_unreadable(session, value)
    lose_unnoticed("DELETE FROM sessions_app_highlight", [])
    lose_unnoticed("DELETE FROM sessions_app_session WHERE name = %s", ["unfiled"])

    code, printed = mirror_restore("--dry-run")
    assert (code, "2 rows would be restored" in printed) == (1, True), printed
    code, printed = mirror_restore("--apply")
    assert code == 1
    assert f"sessions_app.session {session.pk}: cannot be read (DataError)" in printed
    assert "2 rows are restored" in printed
    assert (Highlight.objects.count(), Session.objects.count()) == (1, 2)


def test_an_unreadable_row_without_an_item_is_not_in_the_mirror(
    mirror: Stores, session: Session
) -> None:
    delete_item(mirror, item_of(mirror, session.pk))
    make_unreadable(session)
    code, printed = mirror_restore("--dry-run")
    assert (code, f"{session.pk}: is not in the mirror" in printed) == (1, True), printed


def test_a_row_that_its_document_cannot_render_does_not_end_a_restore(
    mirror: Stores, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_item(mirror, item_of(mirror, session.pk))

    def fail(_: Session) -> Any:
        raise ZeroDivisionError("PRIVATE")

    monkeypatch.setattr(SessionDocument, "keys", fail)
    code, printed = mirror_restore("--dry-run")
    assert (code, f"{session.pk}: is not in the mirror" in printed) == (1, True), printed
    assert "PRIVATE" not in printed


def test_a_failed_attempt_names_the_unreadable_field(mirror: Stores, session: Session) -> None:
    make_unreadable(session)
    LedgerEntry.objects.retry()
    worker.mirror_due()
    (entry,) = LedgerEntry.objects.owed()
    assert (entry.attempts, entry.error_class, entry.error_code) == (1, "DataError", "played_on")


@pytest.mark.parametrize("trouble", DATABASE_TROUBLE)
def test_trouble_of_the_database_is_no_row_s(trouble: type[Exception]) -> None:
    def fail(_: object) -> dict[str, str]:
        raise trouble

    with pytest.raises(trouble):
        by_halves(fail, ["1", "2"])
