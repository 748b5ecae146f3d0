"""An item whose ``id`` is not the primary key as PostgreSQL writes it is named, and left alone."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.test.utils import isolate_apps

from mirror.documents import TextAttribute, registry
from mirror.models import LedgerEntry
from mirror.restore.reader import names_a_row
from mirror.restore.restore import restore
from mirror.stores.clients import Stores
from sessions_app.models import Session
from tests.mirror.restore.conftest import Lose
from tests.support.adopters import adopt, model
from tests.support.commands import run
from tests.support.restored import of_sessions
from tests.support.stored import item_of, stored_item
from tests.support.tampering import set_attribute

mirror_restore = partial(run, "mirror_restore")

ODD_IDS = ["{ID}", "{{{id}}}", "not a UUID", "", "{id}\0"]


def odd(template: str, session: Session) -> str:
    return template.format(id=session.pk, ID=str(session.pk).upper())


@pytest.mark.parametrize("template", ODD_IDS)
def test_the_item_of_a_row_that_is_there_is_not_taken_for_a_missing_row(
    mirror: Stores, session: Session, template: str
) -> None:
    set_attribute(mirror, item_of(mirror, session.pk), "id", {"S": odd(template, session)})
    code, printed = mirror_restore("--dry-run")
    assert (code, "would be restored" in printed) == (1, False)
    assert mirror_restore("--apply")[0] == 1
    tally = of_sessions(restore(mirror, apply=True))
    assert (tally.equal, tally.restored, tally.impossible, tally.lost) == (1, 0, 1, 1)
    assert not LedgerEntry.objects.pending().exists()


@pytest.mark.parametrize("template", ODD_IDS)
def test_a_lost_row_is_not_restored_from_an_item_with_an_odd_id(
    mirror: Stores, session: Session, lose_all_rows: Lose, template: str
) -> None:
    odd_id = odd(template, session)
    set_attribute(mirror, item_of(mirror, session.pk), "id", {"S": odd_id})
    lose_all_rows()
    code, printed = mirror_restore("--apply")
    assert code == 1
    shown = odd_id if odd_id and odd_id.isprintable() else ascii(odd_id)
    assert f"sessions_app.session {shown}: cannot be restored: id (" in printed
    assert Session.objects.get().name == "unfiled"  # the others are restored
    assert LedgerEntry.objects.filter(model="sessions_app.session").count() == 1


def test_an_odd_copy_does_not_hide_the_item_of_a_row(
    mirror: Stores, session: Session, lose_all_rows: Lose
) -> None:
    copy = stored_item(mirror, session.pk) | {
        "pk": {"S": "camp#elsewhere"},
        "id": {"S": f"{session.pk}\0"},
        "mirrorRevision": {"N": "99"},
    }
    mirror.items.client.put_item(TableName=mirror.items.table, Item=copy)
    lose_all_rows()
    tally = of_sessions(restore(mirror, apply=True))
    assert (tally.restored, tally.impossible) == (2, 1)


@pytest.mark.parametrize(
    ("text", "expected"), [("a b", True), ("Ä", True), ("a\0b", False), ("\0", False)]
)
@isolate_apps("django.contrib.auth")
def test_a_text_with_nul_is_no_primary_key(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: bool
) -> None:
    monkeypatch.setattr(registry, "_documents", {})
    document = adopt(model("Song", code=models.TextField(primary_key=True)), code=TextAttribute())
    assert names_a_row(document, text) is expected
