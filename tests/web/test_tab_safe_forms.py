"""Two tabs with the same form. What users see: ``tests/sessions/views``, ``tests/browser``."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client

from campaigns.models import Campaign
from config.web.tab_safe_forms import Resolution, TabSafeForm, resolve
from sessions_app.models import Session
from tests.support.factories import make_session
from tests.support.pages import load_form


@pytest.mark.parametrize(
    ("loaded", "stored", "typed", "resolution"),
    [
        ("a", "a", "a", Resolution.KEEP_TYPED),
        ("a", "a", "b", Resolution.KEEP_TYPED),
        ("a", "b", "b", Resolution.KEEP_TYPED),
        ("a", "b", "a", Resolution.TAKE_STORED),
        ("a", "b", "c", Resolution.CLASH),
    ],
)
def test_a_field_is_resolved_by_what_each_tab_changed(
    loaded: str, stored: str, typed: str, resolution: Resolution
) -> None:
    assert resolve(loaded=loaded, stored=stored, typed=typed) is resolution


@pytest.mark.parametrize("model", [Campaign, Session])
def test_of_two_tabs_that_save_at_once_the_second_is_told(
    transactional_db: None, owner: User, model: type[models.Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = model._default_manager.create(owner=owner, name="As it was")
    path = f"{row.get_absolute_url()}edit/"  # type: ignore[attr-defined]
    first_saves, second_has_compared = Event(), Event()
    save, clean = model.save, TabSafeForm.clean

    def save_slowly(self: models.Model, **options: Any) -> None:
        first_saves.set()
        second_has_compared.wait(1)  # without a lock, the second tab would compare now
        save(self, **options)

    def clean_and_signal(self: TabSafeForm) -> dict[str, Any]:
        cleaned = clean(self)
        if first_saves.is_set():
            second_has_compared.set()
        return cleaned

    monkeypatch.setattr(model, "save", save_slowly)
    monkeypatch.setattr(TabSafeForm, "clean", clean_and_signal)
    tabs = [Client(), Client()]
    for tab in tabs:
        tab.force_login(owner)
    data = load_form(tabs[0], path)
    status_codes: list[int] = []

    def save_in_first_tab() -> None:
        status_codes.append(tabs[0].post(path, data | {"name": "First"}).status_code)
        connection.close()

    thread = Thread(target=save_in_first_tab)
    thread.start()
    assert first_saves.wait(20)
    second = tabs[1].post(path, data | {"name": "Second"})
    thread.join()
    assert status_codes == [302]
    assert second.status_code == 200
    assert second.context["form"]["name"].value() == "Second"
    row.refresh_from_db()
    assert getattr(row, "name", "") == "First"


def test_malformed_fingerprints_are_ignored(gm: Client, owner: User) -> None:
    session = make_session(owner)
    data = {"name": "Renamed", "loaded": '{"name": [], "notes": {"a": 1}, "summary": null}'}
    assert gm.post(f"/sessions/{session.pk}/edit/", data).status_code == 302
