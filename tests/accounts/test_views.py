"""The pages for accounts: signing up, logging in and out, changing and resetting a password."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from tests.support.accounts import (
    LOG_IN,
    NEW_PASSWORD,
    RESET_PASSWORD,
    request_reset_link,
    try_to_log_in,
)
from tests.support.factories import make_user


def test_signing_up_logs_in(client: Client, db: None) -> None:
    data = {"username": "new", "email": "", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post("/accounts/signup/", data)["Location"] == "/"
    assert "Welcome, new" in client.get("/").content.decode()
    assert client.get("/accounts/signup/")["Location"] == "/"


def test_logging_in_and_out(client: Client, owner: User) -> None:
    assert try_to_log_in(client, password="gm")["Location"] == "/"
    assert client.post("/accounts/logout/")["Location"] == LOG_IN
    assert client.get("/")["Location"].startswith(LOG_IN)


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_logging_in_does_not_redirect_to_another_site(
    client: Client, owner: User, url: str
) -> None:
    data = {"username": "gm", "password": "gm", "next": url}
    assert client.post(f"{LOG_IN}?next={url}", data)["Location"] == "/"


def test_the_admin_redirects_to_the_log_in_of_the_site(client: Client, db: None) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(LOG_IN)
    assert "next=%2Fadmin%2F" in response.redirect_chain[-1][0]


def test_logging_out_clears_the_cache_of_the_browser(gm: Client) -> None:
    assert gm.post("/accounts/logout/")["Clear-Site-Data"] == '"cache"'


def test_logging_out_twice_gives_no_warning(client: Client, db: None) -> None:
    assert client.post("/accounts/logout/")["Location"] == LOG_IN
    assert not get_messages(client.get(LOG_IN).wsgi_request)


def test_changing_the_password(gm: Client, owner: User) -> None:
    data = {"old_password": "gm", "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert gm.post("/accounts/password/", data)["Location"] == "/accounts/"
    owner.refresh_from_db()
    assert owner.check_password(NEW_PASSWORD)


def test_resetting_the_password_by_a_link_that_works_once(client: Client, db: None) -> None:
    user = make_user("gm", email="gm@example.org")
    request_reset_link(client)
    (message,) = mail.outbox
    link = re.search(r"http://testserver(/\S+)", str(message.body))
    assert link is not None
    path = client.get(link[1])["Location"]
    data = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert client.post(path, data)["Location"] == LOG_IN
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert "no longer works" in client.get(link[1]).content.decode()


def test_asking_for_a_link_does_not_reveal_whether_an_account_exists(
    client: Client, db: None
) -> None:
    make_user("gm", email="gm@example.org")
    pages = [
        client.post(RESET_PASSWORD, {"email": email}, follow=True).content
        for email in ("gm@example.org", "nobody@example.org")
    ]
    without_token = [re.sub(rb'name="csrf[^>]*>', b"", page) for page in pages]
    assert without_token[0] == without_token[1]


def test_a_mail_server_that_fails_is_logged_and_not_shown(
    client: Client, db: None, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    make_user("gm", email="gm@example.org")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nothing listens there
    assert request_reset_link(client)["Location"] == LOG_IN
    assert "If an account has this address" in client.get(LOG_IN).content.decode()
    assert "Failed to send password reset email" in caplog.text
