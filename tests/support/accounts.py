"""Posts to the pages for accounts, and what their answers say about waiting."""

from __future__ import annotations

from typing import Any

from django.test import Client

from config.accounts.throttling import FREE_ATTEMPTS

LOG_IN = "/accounts/login/"
SIGN_UP = "/accounts/signup/"
RESET_PASSWORD = "/accounts/password/reset/"
NEW_PASSWORD = "correct horse battery"
WRONG_PASSWORD = "wrong"


def try_to_log_in(
    client: Client, name: str = "gm", password: str = WRONG_PASSWORD, **headers: str
) -> Any:
    return client.post(LOG_IN, {"username": name, "password": password}, headers=headers or None)


def use_up_free_attempts(client: Client, name: str = "gm") -> None:
    """Fail to log in as often as one may without having to wait."""
    for _ in range(FREE_ATTEMPTS):
        assert not must_wait(try_to_log_in(client, name))


def request_reset_link(client: Client, email: str = "gm@example.org", **headers: str) -> Any:
    return client.post(RESET_PASSWORD, {"email": email}, headers=headers or None)


def sign_up(client: Client, name: str = "new", email: str = "") -> Any:
    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    return client.post(SIGN_UP, {"username": name, "email": email, **passwords})


def change_password(client: Client, old: str) -> Any:
    new = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    return client.post("/accounts/password/", {"old_password": old, **new})


def must_wait(response: Any) -> bool:
    return response.status_code == 200 and "Too many attempts. Wait" in response.content.decode()
