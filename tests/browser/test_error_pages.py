"""The error pages, reached as users reach them: how they look, and whether they are right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple
from unittest import mock

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Response, expect

from config.web.uploads import STAFF_FORM_BYTES
from tests.browser.actions import log_in_by_cookie, with_and_without_script
from tests.browser.conftest import Open
from tests.browser.page_inspection import PageInspector, in_each_window
from tests.support.factories import make_session

TYPED = "A text that nobody wants to type again"
ADD_TOO_MANY_FIELDS = """
    const form = document.querySelector("main form");
    for (let number = 0; number < 1001; number++) {
      const input = document.createElement("input");
      Object.assign(input, {type: "hidden", name: `field-${number}`});
      form.append(input);
    }
"""
ADD_TOO_MUCH_TEXT = f"""
    const input = document.createElement("input");
    Object.assign(input, {{type: "hidden", name: "more", value: "x".repeat({STAFF_FORM_BYTES})}});
    document.querySelector("main form").append(input);
"""


class FailingForm(NamedTuple):
    """A form that is filled in, sent, and answered with an error page."""

    status: int
    heading: str  # of the error page
    label: str  # of the field that is filled in
    prepare: Callable[[Page], Any]  # makes the page send what will be refused
    server: Callable[[], AbstractContextManager[Any]] = nullcontext  # the state of the server


FAILING_FORMS = {
    "malformed": FailingForm(
        400, "That request made no sense", "Name", lambda page: page.evaluate(ADD_TOO_MANY_FIELDS)
    ),
    "stale-form": FailingForm(
        403,
        "This form is out of date",
        "Name",
        lambda page: page.context.clear_cookies(name="csrftoken"),
    ),
    "too-large": FailingForm(
        413,
        "That is too large",
        "Paste the transcript",
        lambda page: page.evaluate(ADD_TOO_MUCH_TEXT),
    ),
    "broken": FailingForm(
        500,
        "Something broke on our side",
        "Name",
        lambda page: None,
        lambda: mock.patch("campaigns.views.NewCampaignForm", side_effect=RuntimeError),
    ),
}


@pytest.fixture
def user(transactional_db: None) -> User:
    """A member of staff without any rights."""
    return User.objects.create_user("gm", is_staff=True)


def send(page: Page) -> Response:
    """Send the form and return the response."""
    with page.expect_navigation() as navigation:
        page.get_by_role("main").locator("button.primary").click()
    return navigation.value


def fill_in_and_fail(page: Page, owner: User, form: FailingForm) -> None:
    path = "/campaigns/new/"
    if form.status == 413:
        path = f"/sessions/{make_session(owner).pk}/transcript/edit/"
    page.goto(path)
    page.get_by_label(form.label).fill(TYPED)
    form.prepare(page)
    with form.server():
        assert send(page).status == form.status


@with_and_without_script
@pytest.mark.parametrize("name", FAILING_FORMS)
def test_what_was_typed_is_there_after_going_back(
    user: User, open_page: Open, live_server: Any, name: str, script: bool
) -> None:
    form = FAILING_FORMS[name]
    page = open_page(java_script_enabled=script, server_error=form.status == 500)
    log_in_by_cookie(page, user, live_server)
    page.goto("/")
    fill_in_and_fail(page, user, form)
    expect(page.get_by_role("heading", name=form.heading, level=1)).to_be_visible()
    expect(page.get_by_text("Press Back in your browser")).to_be_visible()
    expect(page.get_by_role("link", name="Tabletop")).to_have_attribute("href", "/")
    expect(page.get_by_role("link", name="To your campaigns")).to_have_attribute("href", "/")
    # A user who is logged in is not asked to log in.
    expect(page.get_by_role("link", name="Log in")).to_have_count(0)
    page.go_back()
    expect(page.get_by_label(form.label)).to_have_value(TYPED)
    assert send(page).status == 200
    expect(page.get_by_role("status").first).to_contain_text(
        "created" if form.status != 413 else "saved"
    )
    expect(page.get_by_role("main")).to_contain_text(TYPED)


@with_and_without_script
def test_what_was_typed_is_there_after_being_logged_out_and_in_again(
    user: User, open_page: Open, script: bool
) -> None:
    user.set_password("a good long word")
    user.save()

    def fill_in_log_in_form() -> None:
        page.get_by_label("Name").fill("gm")
        page.get_by_label("Password").fill("a good long word")
        page.get_by_role("main").get_by_role("button", name="Log in").click()

    page = open_page(java_script_enabled=script)
    page.goto("/campaigns/new/")
    fill_in_log_in_form()
    page.get_by_label("Name").fill(TYPED)
    page.context.clear_cookies(name="sessionid")
    send(page)
    expect(page.get_by_role("status")).to_contain_text("You had been logged out")
    fill_in_log_in_form()
    expect(page.get_by_role("heading", name="New campaign")).to_be_visible()
    for _ in range(5):
        page.go_back()
        if page.get_by_label("Name").input_value() == TYPED:
            break
    expect(page.get_by_label("Name")).to_have_value(TYPED)
    assert send(page).status == 200
    expect(page.get_by_role("status")).to_contain_text("created")


@with_and_without_script
def test_saving_what_another_tab_deleted_says_how_to_get_the_text_back(
    user: User, open_page: Open, live_server: Any, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    log_in_by_cookie(page, user, live_server)
    session = make_session(user)
    page.goto(f"/sessions/{session.pk}/edit/")
    page.get_by_label("Notes").fill(TYPED)
    session.delete()
    assert send(page).status == 404
    expect(page.get_by_text("Press Back in your browser")).to_be_visible()


@with_and_without_script
@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/nowhere/", 404, "There is nothing here"),
        (
            "/admin/campaigns/campaign/",
            403,
            "You are not allowed to do this",
        ),  # staff without rights
    ],
)
def test_a_page_that_a_user_cannot_open_links_to_the_campaigns(
    user: User,
    open_page: Open,
    live_server: Any,
    path: str,
    status: int,
    heading: str,
    script: bool,
) -> None:
    page = open_page(java_script_enabled=script)
    log_in_by_cookie(page, user, live_server)
    response = page.goto(path)
    assert response is not None
    assert response.status == status
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    page.get_by_role("link", name="To your campaigns").click()
    expect(page.get_by_role("heading", name="Your campaigns", level=1)).to_be_visible()


@in_each_window
def test_all_error_pages(user: User, open_page: Open, live_server: Any, width: int) -> None:
    inspector = PageInspector(open_page, width)
    for name, form in FAILING_FORMS.items():
        page = inspector.open(server_error=form.status == 500)
        log_in_by_cookie(page, user, live_server)
        fill_in_and_fail(page, user, form)
        inspector.inspect(page, name)
    page = inspector.open()
    log_in_by_cookie(page, user, live_server)
    page.goto("/admin/campaigns/campaign/")
    inspector.inspect(page, "forbidden")
    page.goto("/accounts/logout/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    inspector.inspect(page, "wrong-method")
    assert inspector.problems == []
