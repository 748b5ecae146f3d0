"""Uploads wait for each other, and whoever waits too long is told so and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.test import Client

from config.web import large_work
from sessions_app.models import Session
from tests.support.factories import make_session


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another thread does large work, and nobody waits for it."""
    monkeypatch.setattr(large_work, "WAIT", 0)
    with ThreadPoolExecutor(1) as other:
        other.submit(large_work._lock.acquire).result()
        yield
        other.submit(large_work._lock.release).result()


@pytest.mark.parametrize(
    "path", ["/sessions/{}/transcript/edit/", "/sessions/import/", "/sessions/new/"]
)
def test_an_upload_that_waits_too_long_is_answered_with_a_page(
    gm: Client, owner: User, busy: None, path: str
) -> None:
    session = make_session(owner)
    answer = gm.post(path.format(session.pk), {"name": "New", "text": "MATT: Roll."})
    assert answer.status_code == 503
    assert "Yours is not saved yet." in answer.content.decode()
    assert answer["Retry-After"] == "0"
    assert list(Session.objects.all()) == [session]
    assert gm.get(path.format(session.pk)).status_code == 200
