"""What users do in the browser, in several tests: sign up, log in, follow a link from a mail."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

PASSWORD = "correct horse battery"

with_and_without_script = pytest.mark.parametrize(
    "script", [True, False], ids=["with script", "without script"]
)


def sign_up(page: Page) -> None:
    """Sign up as ``newcomer``, from the start page."""
    page.goto("/")
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Username").fill("newcomer")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("status")).to_contain_text("Welcome, newcomer")


def log_in(page: Page, name: str, password: str) -> None:
    """Log in with the form."""
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text(name, exact=True)).to_be_visible()


def log_in_by_cookie(page: Page, user: User, server: Any) -> None:
    """Log in without the form: faster, and a password is not needed."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": str(server)}])


def link_in(message: str) -> str:
    """Return the link in a mail."""
    match = re.search(r"https?://\S+", message)
    assert match is not None
    return match[0]
