"""Pages for staff that nobody would find are named."""

from __future__ import annotations

from types import ModuleType

import pytest
from django.contrib import admin
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
