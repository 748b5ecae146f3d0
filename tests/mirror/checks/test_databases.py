"""Databases whose changes the mirror would not see are named."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from pytest_django.fixtures import Settings

from mirror.checks.databases import check_databases
from tests.support.adopters import adopt, model


class Elsewhere:
    """A router that keeps the songs in another database."""

    def db_for_write(self, model: type[Any], **hints: Any) -> str | None:
        return "archive" if model.__name__ == "Song" else None

    def allow_migrate(self, alias: str, app_label: str, **hints: Any) -> bool | None:
        return False if hints.get("model_name") == "tape" else None


def found() -> list[tuple[str, str, str]]:
    return [(str(p.id), p.msg, str(p.hint)) for p in check_databases(None)]


def test_models_of_another_database_are_named(settings: Settings) -> None:
    for name in ("Album", "Song", "Tape"):
        adopt(model(name))
    assert found() == []
    settings.DATABASE_ROUTERS = [Elsewhere()]
    (song, tape) = found()
    assert (song[0], 'lab.song is kept in "archive"' in song[1]) == ("mirror.E022", True)
    assert (tape[0], 'lab.tape is kept in another database than "default"' in tape[1]) == (
        "mirror.E022",
        True,
    )
    assert 'keep it in "default"' in song[2]


def test_another_kind_of_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections["default"], "vendor", "sqlite")
    ((number, _, hint),) = found()
    assert (number, "django.db.backends.postgresql" in hint) == ("mirror.E023", True)
