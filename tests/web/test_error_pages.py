"""The answers to requests that fail. How the pages look: ``tests/browser/test_error_pages.py``."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client


def test_a_form_without_a_valid_token_is_answered_with_a_page(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    response = client.post("/campaigns/new/", {"name": "x"})
    assert response.status_code == 403
    assert b"This form is out of date" in response.content


def test_an_unknown_url_is_answered_with_a_page(gm: Client) -> None:
    response = gm.get("/nowhere/")
    assert response.status_code == 404
    assert b"There is nothing here" in response.content


def test_an_exception_is_answered_with_a_page_that_does_not_quote_it(
    gm: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("private words")

    monkeypatch.setattr("sessions_app.views.search_page.find_sessions", fail)
    gm.raise_request_exception = False
    response = gm.get("/search/?q=x")
    assert response.status_code == 500
    assert b"Something broke on our side" in response.content
    assert b"private" not in response.content


def test_the_page_for_an_exception_needs_no_database(gm: Client) -> None:
    def fail(*_: object) -> None:
        raise OperationalError

    gm.raise_request_exception = False
    with connection.execute_wrapper(fail):
        response = gm.get("/")
    assert response.status_code == 500
    assert b"Something broke on our side" in response.content
    assert b'class="site-header"' in response.content
    assert b"Log in" not in response.content
