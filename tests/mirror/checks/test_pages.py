"""Pages for staff that nobody would find are named."""

from __future__ import annotations

from contextlib import suppress
from io import StringIO
from types import ModuleType

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.urls import include, path
from pytest_django.fixtures import Settings

from mirror.checks.pages import check_pages
from tests.support.adopters import adopt, model

OURS = path("admin/mirror/", include("mirror.urls"))
ADMIN = path("admin/", admin.site.urls)


@pytest.mark.parametrize(
    ("patterns", "numbers"),
    [([OURS, ADMIN], []), ([ADMIN], ["mirror.E025"]), ([ADMIN, OURS], ["mirror.E025"])],
    ids=["before the admin's", "not at all", "behind the admin's"],
)
def test_pages_that_cannot_be_reached_are_named(
    settings: Settings, patterns: list[object], numbers: list[str]
) -> None:
    urls = ModuleType("urls")
    vars(urls)["urlpatterns"] = patterns
    settings.ROOT_URLCONF = urls
    problems = check_pages(None)
    assert [problem.id for problem in problems] == numbers
    assert all("before the admin's own line" in str(problem.hint) for problem in problems)


def test_a_model_without_an_admin_is_named() -> None:
    song = model("Song")
    adopt(song)
    (problem,) = check_pages(None)
    assert problem.id == "mirror.W027"
    assert problem.hint == "Write admin.site.register(Song) in the app's admin.py."
    admin.site.register(song)
    try:
        assert check_pages(None) == []
    finally:
        admin.site.unregister(song)


@pytest.mark.parametrize(
    ("command", "warns"),
    [
        (["mirror_setup"], True),
        (["mirror_sync"], False),
        (["mirror_check"], False),
        (["mirror_restore", "--dry-run"], False),
    ],
    ids=str,
)
def test_commands_that_run_every_day_do_not_warn_of_pages(
    settings: Settings, command: list[str], warns: bool
) -> None:
    adopt(model("Song"))
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}  # they end after the checks
    settings.SILENCED_SYSTEM_CHECKS = ["mirror.E003"]
    printed = StringIO()
    with suppress(SystemExit):
        call_command(*command, skip_checks=False, stderr=printed)
    assert ("mirror.W027" in printed.getvalue()) is warns
