"""Databases whose changes the mirror would not see are named."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import WARNING
from django.db import connections
from pytest_django.fixtures import Settings

from mirror.checks.databases import check_databases, check_other_databases
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


class OnlyDefault:
    """A router that lets nothing into another database."""

    def allow_migrate(self, alias: str, app_label: str, **hints: Any) -> bool:
        return alias == "default"


def test_a_second_database_whose_rows_nobody_would_mirror_is_named(settings: Settings) -> None:
    for name in ("Album", "Song"):
        adopt(model(name))
    assert check_other_databases(None) == []
    assert check_other_databases(None, databases=["default"]) == []
    (problem,) = check_other_databases(None, databases=["default", "archive"])
    assert (problem.id, problem.level) == ("mirror.W030", WARNING)
    assert ", lab.album, lab.song, " in problem.msg
    assert ' in "archive", too, where no row is ever mirrored' in problem.msg
    assert "allow_migrate(db, …)" in str(problem.hint)
    assert '"campaigns", "lab", "sessions_app" and "mirror"' in str(problem.hint)
    settings.DATABASE_ROUTERS = [OnlyDefault()]
    assert check_other_databases(None, databases=["archive"]) == []


def test_another_kind_of_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections["default"], "vendor", "sqlite")
    ((number, _, hint),) = found()
    assert (number, "django.db.backends.postgresql" in hint) == ("mirror.E023", True)
