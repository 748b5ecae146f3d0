"""Triggers that the database lacks, and triggers for which nothing is mirrored, are named."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign
from mirror import triggers_in_database
from mirror.capture import capture_changes
from mirror.checks import triggers
from mirror.checks.triggers import check_database, check_documents
from mirror.triggers_in_database import captured
from tests.mirror.checks.test_documents import Capture, capture
from tests.support.adopters import adopt, model

__all__ = ["capture"]


def in_the_database() -> list[tuple[str, str, str]]:
    problems = check_database(None, databases=["default"])
    return [(str(p.id), p.msg, str(p.hint)) for p in problems]


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def pgid(name: str) -> str:
    (trigger,) = (trigger for trigger in captured()[Campaign] if trigger.name == name)
    campaign: Any = Campaign
    return str(trigger.get_pgid(campaign))


@pytest.mark.django_db
def test_the_database_of_this_project_has_all() -> None:
    assert in_the_database() == []


def test_no_database_is_asked_unless_it_is_named() -> None:
    assert check_database(None) == check_database(None, databases=["other"]) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "text", "advice"),
    [
        ("DROP TRIGGER {} ON campaigns_campaign", "lacks", "pgtrigger install"),
        ("COMMENT ON TRIGGER {} ON campaigns_campaign IS 'x'", "old form of", "makemigrations"),
        ("ALTER TABLE campaigns_campaign DISABLE TRIGGER {}", "does not run", "pgtrigger enable"),
    ],
    ids=["missing", "stale", "disabled"],
)
def test_triggers_that_do_not_work_are_named(sql: str, text: str, advice: str) -> None:
    for name in ("mirror_insert", "mirror_truncate"):
        execute(sql.format(pgid(name)))
    ((number, said, hint),) = in_the_database()
    assert number == "mirror.E021"
    assert said.startswith("campaigns.campaign: ")
    assert said.endswith(f"{text} mirror_insert, mirror_truncate.")
    assert advice in hint


@pytest.mark.django_db
@pytest.mark.parametrize("app", ["campaigns", "mirror"])
def test_what_a_migration_is_about_to_create_is_not_missed(app: str) -> None:
    execute(f"DROP TRIGGER {pgid('mirror_insert')} ON campaigns_campaign")
    last = MigrationRecorder.Migration.objects.filter(app=app).latest("name")
    last.delete()
    assert in_the_database() == []


@pytest.mark.django_db
@pytest.mark.parametrize("app", ["campaigns", "mirror"])
def test_a_table_without_triggers_whose_migrations_are_not_run_is_named(app: str) -> None:
    for trigger in captured()[Campaign]:
        execute(f"DROP TRIGGER {pgid(str(trigger.name))} ON campaigns_campaign")
    MigrationRecorder.Migration.objects.filter(app=app).latest("name").delete()
    ((number, said, hint),) = in_the_database()
    assert number == "mirror.W033"
    assert said == (
        "campaigns.Campaign has no triggers in the database until its migrations are run: its"
        " changes are not captured."
    )
    assert hint.startswith("Run manage.py migrate, then manage.py mirror_sync --all")
    execute("ALTER TABLE campaigns_campaign RENAME TO elsewhere")  # there is no table yet
    assert in_the_database() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "name"),
    [("lab_song", "public.lab_song"), ('"archive"."my songs"', "archive.my songs")],
)
def test_a_captured_table_of_no_installed_model_is_named(table: str, name: str) -> None:
    execute("CREATE SCHEMA archive")
    song = model("Song", meta={"db_table": table})
    with connection.schema_editor() as editor:
        editor.create_model(song)
    for trigger in capture_changes():
        trigger.install(song)
    ((number, said, hint),) = in_the_database()
    assert number == "mirror.W032"
    assert said.startswith(f"The table {name} has the mirror's triggers, but no installed model")
    assert 'Add the app "lab" to INSTALLED_APPS.' in hint
    execute(hint.partition("run in the database: ")[2])
    assert in_the_database() == []


@pytest.mark.django_db
def test_a_captured_table_whose_model_an_app_has_lost_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = [m for m in apps.get_models() if m is not Campaign]
    monkeypatch.setattr(apps, "get_models", lambda **_: models)
    (hint,) = (hint for number, _, hint in in_the_database() if number == "mirror.W032")
    assert hint.startswith("If its model is gone for good, run in the database: DROP TRIGGER pgtri")
    MigrationRecorder.Migration.objects.filter(app="campaigns").latest("name").delete()
    assert in_the_database() == []  # a migration is about to remove it


def test_a_model_without_a_document_is_named(capture: Capture) -> None:
    song = model("Song")
    capture(song)

    def found() -> list[tuple[str, str]]:
        problems = [p for p in check_documents(None) if p.obj is song]
        return [(str(p.id), str(p.hint)) for p in problems]

    ((number, hint),) = found()
    assert (number, "mirror_document lab.Song" in hint) == ("mirror.W026", True)
    adopt(song)
    assert found() == []


def test_a_parent_needs_no_document_if_it_marks_only_its_children(capture: Capture) -> None:
    song, tape = model("Song"), model("Tape")
    capture(song, ["lab.live"])
    capture(tape, ["lab.reel"], own=False)
    (problem,) = (p for p in check_documents(None) if p.obj in {song, tape})
    assert (problem.id, problem.obj) == ("mirror.W026", song)
    assert "own=False" in str(problem.hint)


@pytest.mark.django_db
def test_a_captured_table_whose_model_declares_it_no_longer_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = {model: found for model, found in captured().items() if model is not Campaign}
    monkeypatch.setattr(triggers, "captured", lambda: left)
    monkeypatch.setattr(triggers_in_database, "captured", lambda: left)
    ((number, said, hint),) = in_the_database()
    assert number == "mirror.W036"
    assert said.startswith("The table public.campaigns_campaign has the mirror's triggers, but")
    assert "makemigrations" in hint


@pytest.mark.django_db
def test_all_triggers_are_asked_for_with_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        assert triggers_in_database.problems() == []
