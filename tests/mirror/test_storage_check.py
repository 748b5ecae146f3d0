"""A storage that puts objects elsewhere than the items say is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as configured
from django.core.checks import run_checks
from pytest_django.fixtures import Settings


def errors(settings: Settings, **options: Any) -> list[str | None]:
    mirror: dict[str, Any] = configured.STORAGES["mirror"]
    changed = {**mirror, "OPTIONS": {**mirror["OPTIONS"], **options}}
    settings.STORAGES = {**configured.STORAGES, "mirror": changed}
    return [message.id for message in run_checks(tags=["mirror"])]


def test_a_storage_at_the_top_of_the_bucket_is_accepted(settings: Settings) -> None:
    assert errors(settings) == []


def test_a_storage_with_a_location_is_refused(settings: Settings) -> None:
    assert errors(settings, location="production") == ["mirror.E015"]


def test_a_location_for_all_storages_is_refused(settings: Settings) -> None:
    settings.AWS_LOCATION = "media"
    assert errors(settings) == ["mirror.E015"]


def test_the_mirrors_storage_may_leave_the_location_of_all_storages(settings: Settings) -> None:
    settings.AWS_LOCATION = "media"
    assert errors(settings, location="") == []


@pytest.mark.parametrize("storage", ["mirror", "absent"])
def test_a_mirror_that_is_off_needs_no_storage(settings: Settings, storage: str) -> None:
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False, "STORAGE": storage}
    assert errors(settings, location="production") == []
