"""Where parts of a page are: what is used often comes early, and what belongs together lines up."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from playwright.sync_api import FloatRect, Page, expect

from sessions_app import demo
from sessions_app.models import Session
from tests.browser.actions import log_in_by_cookie
from tests.browser.conftest import Open
from tests.browser.page_inspection import WINDOWS


def box(page: Page, selector: str) -> FloatRect:
    found = page.locator(selector).first.bounding_box()
    assert found is not None
    return found


def open_as_game_master(open_page: Open, live_server: Any, width: int) -> tuple[Page, Session]:
    demo.create_game_master("gm")
    page = open_page(viewport={"width": width, "height": WINDOWS[width]})
    log_in_by_cookie(page, User.objects.get(), live_server)
    return page, Session.objects.get(name="Fog Signal")


def test_on_a_phone_the_link_for_players_comes_before_the_sessions(
    transactional_db: None, open_page: Open, live_server: Any
) -> None:
    page, session = open_as_game_master(open_page, live_server, 390)
    assert session.campaign is not None
    page.goto(session.campaign.get_absolute_url())
    assert box(page, "#share")["y"] < box(page, "#sessions")["y"] < box(page, "#highlights")["y"]
    in_order = ["For your players", "4 sessions", "Newest highlights"]  # of the keyboard, too
    assert page.locator("main h2").all_inner_texts() == in_order
    page.set_viewport_size({"width": 1280, "height": WINDOWS[1280]})
    players, sessions = box(page, "#share"), box(page, "section[aria-labelledby=sessions]")
    assert players["y"] == sessions["y"]
    assert players["x"] > sessions["x"] + sessions["width"]


def test_a_card_stands_below_its_breadcrumbs(
    transactional_db: None, open_page: Open, live_server: Any
) -> None:
    page, session = open_as_game_master(open_page, live_server, 1280)
    assert session.campaign is not None
    of_session = session.get_absolute_url()
    for path in (
        "/accounts/email/", "/accounts/password/", "/accounts/delete/",
        f"{of_session}transcript/speakers/", f"{of_session}transcript/delete/",
        f"{of_session}delete/", f"{session.campaign.get_absolute_url()}delete/",
        "/sessions/import/dates/",
    ):  # fmt: skip
        page.goto(path)
        assert box(page, ".crumbs")["x"] == box(page, "main > :is(.card, .empty)")["x"], path


def test_what_a_search_found_is_a_link_before_its_words(
    transactional_db: None, open_page: Open, live_server: Any
) -> None:
    page, _ = open_as_game_master(open_page, live_server, 1280)
    page.goto("/search/?q=lamp")
    link, words = box(page, ".places a"), box(page, ".places .snippet")
    assert words["y"] < link["y"] + link["height"]
    expect(page.locator(".places a").first).to_have_css("text-decoration-line", "underline")


def test_what_has_the_focus_is_not_behind_the_buttons(
    transactional_db: None, open_page: Open, live_server: Any
) -> None:
    page, _ = open_as_game_master(open_page, live_server, 1280)
    page.goto("/sessions/new/")
    for before, field in (("description", "player_recap"), ("text", "file")):
        page.locator(f"[name={before}]").focus()
        page.keyboard.press("Tab")
        focused = box(page, f"[name={field}]:focus")
        assert focused["y"] + focused["height"] <= box(page, ".sticky")["y"], field
