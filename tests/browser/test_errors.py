"""The error pages, each reached as a person would: what they look like, and what they promise."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple
from unittest import mock

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import FilePayload, Page, Response, expect

from config.web.uploads import MAX_FILE_BYTES
from sessions_app.models import Session
from tests.browser.conftest import Open
from tests.browser.looking import Eyes, every_look, log_in

TYPED = "Twelve words that nobody wants to type again"
MANY_FIELDS = """
    const form = document.querySelector("main form");
    for (let number = 0; number < 1001; number++) {
      const input = document.createElement("input");
      Object.assign(input, {type: "hidden", name: `field-${number}`});
      form.append(input);
    }
"""
RECORDING: FilePayload = {
    "name": "evening.txt",
    "mimeType": "text/plain",
    "buffer": b"x" * (MAX_FILE_BYTES + 1),
}


class Failing(NamedTuple):
    """A form that is filled in, sent, and answered with an error page."""

    status: int
    heading: str
    label: str
    spoil: Callable[[Page], Any]
    broken: Callable[[], AbstractContextManager[Any]] = nullcontext


FAILING = {
    "malformed": Failing(
        400, "That request made no sense", "Name", lambda page: page.evaluate(MANY_FIELDS)
    ),
    "stale-form": Failing(
        403,
        "This form had gone stale",
        "Name",
        lambda page: page.context.clear_cookies(name="csrftoken"),
    ),
    "too-large": Failing(
        413,
        "That file is too large",
        "Paste the transcript",
        lambda page: page.get_by_label("file").set_input_files(RECORDING),
    ),
    "broken": Failing(
        500,
        "Something broke on our side",
        "Name",
        lambda page: None,
        lambda: mock.patch("campaigns.views.CampaignForm", side_effect=RuntimeError),
    ),
}


@pytest.fixture
def gm(transactional_db: None) -> User:
    return User.objects.create_user("gm", is_staff=True)


def send(page: Page) -> Response:
    with page.expect_navigation() as navigation:
        page.get_by_role("main").locator("button.primary").click()
    return navigation.value


def fill_in_and_fail(page: Page, owner: User, case: Failing) -> None:
    path = "/campaigns/new/"
    if case.status == 413:
        path = f"/sessions/{Session.objects.create(owner=owner).pk}/transcript/edit/"
    page.goto(path)
    page.get_by_label(case.label).fill(TYPED)
    case.spoil(page)
    with case.broken():
        assert send(page).status == case.status


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("name", FAILING)
def test_what_was_typed_is_there_after_going_back(
    gm: User, open_page: Open, live_server: Any, name: str, script: bool
) -> None:
    case = FAILING[name]
    page = open_page(java_script_enabled=script, breaks=case.status == 500)
    log_in(page, gm, live_server)
    page.goto("/")
    fill_in_and_fail(page, gm, case)
    expect(page.get_by_role("heading", name=case.heading, level=1)).to_be_visible()
    expect(page.get_by_text("Press Back in your browser")).to_be_visible()
    expect(page.get_by_role("link", name="Tabletop")).to_have_attribute("href", "/")
    expect(page.get_by_role("link", name="To your campaigns")).to_have_attribute("href", "/")
    # Whoever is logged in is not asked to log in.
    expect(page.get_by_role("link", name="Log in")).to_have_count(0)
    page.go_back()
    expect(page.get_by_label(case.label)).to_have_value(TYPED)
    if case.status == 413:
        page.get_by_label("file").set_input_files([])
    assert send(page).status == 200
    expect(page.get_by_role("status").first).to_contain_text(
        "is ready" if case.status != 413 else "saved"
    )
    expect(page.get_by_role("main")).to_contain_text(TYPED)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_what_was_typed_survives_the_end_of_a_login(
    gm: User, open_page: Open, script: bool
) -> None:
    gm.set_password("a good long word")
    gm.save()

    def log_in_by_hand() -> None:
        page.get_by_label("Name").fill("gm")
        page.get_by_label("Password").fill("a good long word")
        page.get_by_role("main").get_by_role("button", name="Log in").click()

    page = open_page(java_script_enabled=script)
    page.goto("/campaigns/new/")
    log_in_by_hand()
    page.get_by_label("Name").fill(TYPED)
    page.context.clear_cookies(name="sessionid")
    send(page)
    expect(page.get_by_role("status")).to_contain_text("You were logged out meanwhile")
    log_in_by_hand()
    expect(page.get_by_role("heading", name="New campaign")).to_be_visible()
    for _ in range(5):
        page.go_back()
        if page.get_by_label("Name").input_value() == TYPED:
            break
    expect(page.get_by_label("Name")).to_have_value(TYPED)
    assert send(page).status == 200
    expect(page.get_by_role("status")).to_contain_text("is ready")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_who_saves_what_another_tab_deleted_is_told_how_to_get_the_words_back(
    gm: User, open_page: Open, live_server: Any, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    log_in(page, gm, live_server)
    session = Session.objects.create(owner=gm, name="Evening")
    page.goto(f"/sessions/{session.pk}/edit/")
    page.get_by_label("Notes").fill(TYPED)
    session.delete()
    assert send(page).status == 404
    expect(page.get_by_text("Press Back in your browser")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/nowhere/", 404, "There is nothing here"),
        ("/admin/campaigns/campaign/", 403, "This is not yours to do"),  # staff without rights
    ],
)
def test_a_page_that_is_not_theirs_has_a_way_home(
    gm: User, open_page: Open, live_server: Any, path: str, status: int, heading: str, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    log_in(page, gm, live_server)
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == status
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    page.get_by_role("link", name="To your campaigns").click()
    expect(page.get_by_role("heading", name="Your campaigns", level=1)).to_be_visible()


@every_look
def test_looks(gm: User, open_page: Open, live_server: Any, scheme: str, width: int) -> None:
    eyes = Eyes(open_page, width, scheme)
    for name, case in FAILING.items():
        page = eyes.open(breaks=case.status == 500)
        log_in(page, gm, live_server)
        fill_in_and_fail(page, gm, case)
        eyes.look(page, name)
    page = eyes.open()
    log_in(page, gm, live_server)
    page.goto("/admin/campaigns/campaign/")
    eyes.look(page, "forbidden")
    page.goto("/accounts/logout/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    eyes.look(page, "wrong-method")
    assert eyes.found == []
