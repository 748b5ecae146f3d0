"""The story of a newcomer, from signing up to players who read the recap."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from mirror import drain, parity
from mirror.sinks import Sinks
from tests.browser.conftest import Open

PASSWORD = "correct horse battery"
LOG = "MATT: Roll for initiative.\nLAURA: A twenty! The dragon <sleeps>.\nMATT: It wakes.\n"


def sign_up(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Username").fill("newcomer")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("status")).to_contain_text("Welcome, newcomer")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_newcomers_story(  # noqa: PLR0915 - one story, told in one go
    mirror: Sinks, open_page: Open, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    sign_up(page)

    page.get_by_role("link", name="Make your first campaign").click()
    page.get_by_label("Name").fill("Lamps of the Long Shoal")
    page.get_by_label("Description").fill("A lighthouse, and what it keeps away.")
    page.get_by_role("button", name="Make the campaign").click()

    page.get_by_role("link", name="Add its first session").click()
    selected = page.get_by_label("Campaign").locator("option:checked")
    expect(selected).to_have_text("Lamps of the Long Shoal")
    page.get_by_label("Name").fill("The ninth lamp")
    page.get_by_label("Player recap").fill("## Midnight\n\nYou **lit** the ninth lamp.")
    page.get_by_label("Notes").fill("The keeper lies.")
    page.get_by_role("button", name="Save the session").click()
    expect(page.get_by_role("heading", name="Midnight")).to_be_visible()

    page.get_by_role("link", name="Add the transcript").click()
    page.get_by_label("Paste the transcript").fill(LOG)
    page.get_by_role("button", name="Save the transcript").click()
    expect(page.get_by_text("A twenty! The dragon <sleeps>.")).to_be_visible()

    page.get_by_role("link", name="Name the speakers").click()
    page.get_by_label("MATT").fill("Matthew")
    page.get_by_role("button", name="Save the names").click()
    expect(page.get_by_text("Matthew").first).to_be_visible()

    page.get_by_label("Find in the transcript").fill("dragon")
    if not script:
        page.get_by_role("button", name="Find").click()
    expect(page.locator("mark")).to_have_text("dragon")
    expect(page.get_by_text("It wakes.")).to_have_count(0)

    page.get_by_label("Search your sessions").fill("dragon")
    page.get_by_label("Search your sessions").press("Enter")
    expect(page.locator("mark")).to_have_text(["dragon"])
    if script:
        page.get_by_label("Search your sessions").last.fill("ninth")
        expect(page.locator("mark").first).to_have_text("ninth")
    page.get_by_role("heading", name="The ninth lamp").get_by_role("link").click()

    page.get_by_role("button", name="Make a share link").click()
    link = page.get_by_label("Share link").input_value()
    player = open_page(java_script_enabled=script)
    player.goto(link)
    expect(player.get_by_text("You lit the ninth lamp.")).to_be_visible()
    expect(player.get_by_text("Lamps of the Long Shoal")).to_be_visible()
    expect(player.get_by_text("The keeper lies.")).to_have_count(0)

    page.get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_role("button", name="Make a share link")).to_be_visible()
    player.reload()
    expect(player.get_by_role("heading", name="There is nothing here")).to_be_visible()

    page.get_by_text("newcomer", exact=True).click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))

    drain.sync()
    assert parity.check(mirror).parity_percent == 100


def test_two_tabs(transactional_db: None, open_page: Open) -> None:
    page = open_page()
    sign_up(page)
    page.goto("/sessions/new/")
    page.get_by_label("Name").fill("Evening")
    page.get_by_role("button", name="Save the session").click()
    address = page.url
    address = page.url
    second = page.context.new_page()
    for tab in (page, second):
        tab.goto(address)
        tab.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Notes").fill("From the first tab")
    page.get_by_role("button", name="Save").click()
    second.get_by_label("Notes").fill("From the second tab")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("From the first tab")).to_be_visible()
    expect(second.get_by_label("Notes")).to_have_value("From the second tab")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("From the second tab")).to_be_visible()


def test_everything_is_reached_by_keyboard(transactional_db: None, open_page: Open) -> None:
    page = open_page()
    sign_up(page)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("link").first).to_be_focused()
