"""An account from its first to its last day, and files that are too large, in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core import mail
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from sessions_app.transcripts import MAX_BYTES
from tests.browser.actions import PASSWORD, link_in, log_in, with_and_without_script
from tests.browser.conftest import Open
from tests.support.factories import make_campaign, make_session, make_user


@with_and_without_script
def test_an_account_is_created_gets_an_address_and_is_deleted(
    transactional_db: None, open_page: Open, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill("newcomer")
    page.get_by_label("Email").fill("new@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill("something else")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_label("Username")).to_have_value("newcomer")
    expect(page.get_by_label("Email")).to_have_value("new@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("status")).to_contain_text("An email is on its way to new@example.org")

    page.goto(link_in(str(mail.outbox[0].body)))
    page.get_by_role("button", name="Confirm the address").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.get_by_text("new@example.org.")).to_be_visible()

    make_campaign(User.objects.get())
    page.get_by_role("link", name="Delete account").click()
    expect(page.get_by_text("1 campaign", exact=True)).to_be_visible()
    page.get_by_label("Your password").fill("wrong")
    page.get_by_role("button", name="Delete account").click()
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Delete account").click()
    expect(page.get_by_role("status")).to_contain_text("Your account is deleted")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    assert not User.objects.exists()


def test_a_file_that_is_too_large_is_not_sent(
    transactional_db: None, open_page: Open, tmp_path: Path
) -> None:
    session = make_session(make_user("gm"))
    page = open_page()
    log_in(page, "gm", "gm")
    page.goto(f"/sessions/{session.pk}/transcript/edit/")
    file = page.locator("input[type=file]")
    recording = tmp_path / "evening.wav"
    with recording.open("wb") as large:
        large.truncate(MAX_BYTES + 1)  # a hole, which takes no space
    file.set_input_files(recording)
    message = "input => input.validationMessage"
    assert file.evaluate(message) == "Choose a file of up to 64 MB."
    page.get_by_role("button", name="Save the transcript").click()
    expect(page).to_have_url(re.compile("/transcript/edit/$"))
    file.set_input_files([])
    assert file.evaluate(message) == ""
    page.get_by_label("Paste the transcript").fill("MATT: Hello.")
    page.get_by_role("button", name="Save the transcript").click()
    expect(page.get_by_role("status").first).to_contain_text("Transcript saved.")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_closed_sign_up(
    transactional_db: None, open_page: Open, settings: Settings, width: int
) -> None:
    settings.SIGNUP_OPEN = False
    page = open_page(viewport={"width": width, "height": 800})
    page.goto("/accounts/signup/")
    expect(page.get_by_role("heading", name="Sign-up is closed")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    expect(page.get_by_role("link", name="Sign up")).to_have_count(0)
