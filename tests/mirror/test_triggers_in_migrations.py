"""A migration that creates triggers runs after the mirror's own, which create what they call."""

from __future__ import annotations

from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management.commands import makemigrations, migrate
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from django.test.utils import isolate_apps

from mirror.capture import capture_changes
from tests.support.adopters import model

NAMES = ["Song", "Album"]


def lab(**meta: Any) -> ProjectState:
    """Return an app with two models, of which one has this ``Meta``."""
    state = ProjectState()
    with isolate_apps("mirror"):
        for name in NAMES:
            made = model(name, title=models.TextField(), meta=meta if name == "Song" else {})
            state.add_model(ModelState.from_model(made))
    return state


def dependencies(before: ProjectState, after: ProjectState) -> list[tuple[str, str]]:
    graph = MigrationLoader(None).graph
    detector: Any = makemigrations.Command.autodetector(before, after)
    (migration,) = detector._detect_changes(graph=graph)["lab"]
    return [dependency for dependency in migration.dependencies if dependency[0] != "lab"]


def last() -> tuple[str, str]:
    """Return the mirror's last migration."""
    leaf: tuple[str, str]
    (leaf,) = MigrationLoader(None).graph.leaf_nodes("mirror")
    return leaf


def test_triggers_of_a_new_model_come_after_the_mirror() -> None:
    assert dependencies(ProjectState(), lab(triggers=capture_changes())) == [last()]


def test_triggers_of_an_old_model_come_after_the_mirror() -> None:
    assert dependencies(lab(), lab(triggers=capture_changes())) == [last()]


def test_a_model_that_is_not_captured_depends_on_nothing() -> None:
    assert dependencies(ProjectState(), lab()) == []
    own = pgtrigger.Protect(name="own", operation=pgtrigger.Delete)
    assert dependencies(ProjectState(), lab(triggers=[own])) == []


def test_both_commands_have_the_same_detector() -> None:
    assert makemigrations.Command.autodetector is migrate.Command.autodetector


@pytest.mark.parametrize("app", ["pgtrigger", "mirror"])
def test_nothing_is_captured_without_the_apps(app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "is_installed", lambda name: name != app)
    with pytest.raises(ImproperlyConfigured, match=f'Add "{app}" to INSTALLED_APPS'):
        capture_changes()


def test_what_captures_changes_is_no_decorator() -> None:
    decorate: Any = capture_changes
    with pytest.raises(ImproperlyConfigured, match=r"write triggers = capture_changes\(\) in"):
        decorate(type("Song", (), {}))


def test_forgotten_brackets_are_said_with_the_model() -> None:
    class Song:
        class Meta:
            triggers: Any = capture_changes

    said = r"^Write triggers = capture_changes\(\), with the brackets, in \S+Song\.Meta\.$"
    with pytest.raises(ImproperlyConfigured, match=said):
        list(Song.Meta.triggers)  # as pgtrigger does
