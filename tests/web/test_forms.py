"""Two tabs at the same moment: the second waits for the first, and is told what it did."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client

from campaigns.models import Campaign
from config.web.forms import TabSafeForm
from sessions_app.models import Session


@pytest.mark.parametrize("model", [Campaign, Session])
def test_of_two_tabs_that_save_at_once_the_second_is_told(
    transactional_db: None, owner: User, model: type[models.Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = model._default_manager.create(owner=owner, name="As it was")
    path = f"{saved.get_absolute_url()}edit/"  # type: ignore[attr-defined]
    saving, compared = Event(), Event()
    save, clean = model.save, TabSafeForm.clean

    def save_slowly(self: models.Model, **options: Any) -> None:
        saving.set()
        compared.wait(1)  # where nothing holds it, the other tab compares now
        save(self, **options)

    def clean_and_tell(self: TabSafeForm) -> dict[str, Any]:
        cleaned = clean(self)
        if saving.is_set():
            compared.set()
        return cleaned

    monkeypatch.setattr(model, "save", save_slowly)
    monkeypatch.setattr(TabSafeForm, "clean", clean_and_tell)
    tabs = [Client(), Client()]
    for tab in tabs:
        tab.force_login(owner)
    form = tabs[0].get(path).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    answers: list[int] = []

    def first() -> None:
        answers.append(tabs[0].post(path, data | {"name": "First"}).status_code)
        connection.close()

    thread = Thread(target=first)
    thread.start()
    assert saving.wait(20)
    second = tabs[1].post(path, data | {"name": "Second"})
    thread.join()
    assert answers == [302]
    assert second.status_code == 200
    assert second.context["form"]["name"].value() == "Second"
    saved.refresh_from_db()
    assert getattr(saved, "name", "") == "First"
