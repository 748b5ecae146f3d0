"""Settings with which the mirror cannot work are named, with what to type instead."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.db import models
from pytest_django.fixtures import Settings

from mirror.checks.settings import check_settings, check_time_zones
from mirror.documents import TimeAttribute
from tests.support.adopters import adopt, model


def numbers(problems: list[CheckMessage]) -> list[str]:
    assert all(problem.hint for problem in problems)
    return [str(problem.id) for problem in problems]


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({}, []),
        ({"TABEL": "x"}, ["mirror.E001"]),
        ({"DISPATCH": "later"}, ["mirror.E001"]),
        ({"STORAGE": "nowhere"}, ["mirror.E002"]),
        ({"STORAGE": "nowhere", "ENABLED": False}, []),
    ],
    ids=str,
)
def test_wrong_settings_are_named(
    settings: Settings, change: dict[str, Any], number: list[str]
) -> None:
    settings.MIRROR = {**settings.MIRROR, **change}
    assert numbers(check_settings(None)) == number


def test_a_missing_setting_is_named(settings: Settings) -> None:
    settings.MIRROR = {name: value for name, value in settings.MIRROR.items() if name != "TABLE"}
    assert numbers(check_settings(None)) == ["mirror.E001"]


def test_times_without_a_zone_are_refused(settings: Settings) -> None:
    song = model("Song", when=models.DateTimeField())
    settings.USE_TZ = False
    assert numbers(check_time_zones(None)) == []
    adopt(song, when=TimeAttribute())
    assert numbers(check_time_zones(None)) == ["mirror.E014"]
    settings.USE_TZ = True
    assert numbers(check_time_zones(None)) == []
