"""A row that DynamoDB cannot hold: its field is named, and the runbook explains every code."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from mirror.documents import registry
from mirror.documents.render import render
from mirror.errors import Unmirrorable
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import worker
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.factories import make_session
from tests.support.paths import PROJECT

CODE = re.compile(r'\bUnmirrorable\(f?"(\w+)')
TABLE = "### What the code of a parked row means\n"
ROW = re.compile(r"^\| `(\w+)…?` \|", re.MULTILINE)


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"metrics": {"": "CANARY"}}, "metrics", "EmptyName"),
        ({"notes": "n", "speaker_names": {"CANARY": 10**126}}, "speaker_names", "NumberOutOfRange"),
        ({"name": "CANARY\ud800"}, "name", "NotUnicode"),
        ({"metrics": "x" * 410_000}, "", "ItemTooLarge"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_field_is_named(values: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(Unmirrorable) as refused:
        render(SessionDocument, Session(owner_id=7, **values))
    assert (refused.value.code, refused.value.field) == (code, field)
    assert str(refused.value) == (f"{code} in {field}" if field else code)


def test_the_log_names_the_field_and_the_ledger_has_the_code(
    mirror: Stores, owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    session = make_session(owner, metrics={"": "CANARY"})
    with caplog.at_level(logging.ERROR, "mirror"):
        worker.drain()
    said = f"sessions_app.session {session.pk} is parked: Unmirrorable EmptyName"
    assert f"{said} in metrics" in caplog.messages
    assert "CANARY" not in caplog.text
    assert LedgerEntry.objects.get().error_code == "EmptyName"


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        (None, ""),
        ("user#7", ""),
        ({"pk": "user#7"}, "sk"),
        ({"pk": "user#7", "sk": 7}, "sk"),
        ({"pk": "user#7", "sk": "sess#{}", "gsi1pk": None, "gsi1sk": "x"}, "gsi1pk"),
    ],
    ids=["no return", "a text", "no sk", "a number", "a null"],
)
def test_keys_that_are_none_are_said_to_be(
    monkeypatch: pytest.MonkeyPatch, keys: Any, field: str
) -> None:
    monkeypatch.setattr(SessionDocument, "keys", lambda instance: keys)
    with pytest.raises(Unmirrorable) as refused:
        render(SessionDocument, Session(owner_id=7))
    assert (refused.value.code, refused.value.field) == ("NoKeys", field)


class Broken(SessionDocument):
    """A document with a defect."""

    @classmethod
    def keys(cls, instance: Session) -> dict[str, str]:
        line = "line 1"
        return {"pk": line, "sk": f"sess#{json.loads(line)}"}


def test_a_defect_is_found_in_the_document_that_has_it(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session(owner)
    monkeypatch.setitem(registry._documents, "sessions_app.session", Broken)
    worker.drain()
    for _ in range(2):
        LedgerEntry.objects.make_due_now()
        worker.mirror_due()
    entry = LedgerEntry.objects.parked().get()
    line = vars(Broken)["keys"].__func__.__code__.co_firstlineno + 3
    place = f"{__name__}:{line} in keys"
    assert (entry.error_class, entry.error_code) == ("JSONDecodeError", place)
    said = run("mirror_check")[1]
    assert f"{session.pk}: parked (JSONDecodeError {place})" in said


def test_the_runbook_explains_every_code() -> None:
    table = (PROJECT / "mirror/runbook.md").read_text().partition(TABLE)[2].partition("\n#")[0]
    sources = [path.read_text() for path in (PROJECT / "mirror").rglob("*.py")]
    assert sorted(ROW.findall(table)) == sorted(set(CODE.findall("".join(sources))))
