"""Fixtures: a project of its own, without the models and documents of this one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test.utils import isolate_apps

from mirror.documents import registry


@pytest.fixture(autouse=True)
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A project whose models have the app label ``lab``."""
    monkeypatch.setattr(registry, "_documents", {})
    with isolate_apps("django.contrib.auth", "django.contrib.contenttypes"):
        yield
