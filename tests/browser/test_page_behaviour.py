"""Back after logging out, double clicks, results while typing, text direction, the keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from sessions_app import demo
from sessions_app.models import Session
from tests.browser.actions import log_in, sign_up
from tests.browser.conftest import CHROMIUM, FLAGS, Open
from tests.support.factories import make_session, make_user


def test_back_shows_nothing_after_logging_out(
    transactional_db: None, browser: Browser, live_server: object
) -> None:
    """In a browser that caches pages for Back, as browsers do unless Playwright starts them."""
    make_user("gm")
    with browser.browser_type.launch(
        executable_path=CHROMIUM,
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    ) as caching_browser:
        page = caching_browser.new_context(base_url=str(live_server)).new_page()
        log_in(page, "gm", "gm")
        page.goto("/campaigns/new/")
        page.get_by_text("gm", exact=True).click()
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(re.compile("/accounts/login/"))
        page.evaluate("history.back()")
        expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/campaigns/new/"))


def test_a_second_click_does_not_send_a_form_again(transactional_db: None, open_page: Open) -> None:
    page = open_page()
    sign_up(page)
    page.goto("/sessions/new/")
    submit = """form => form.dispatchEvent(new Event("submit", {cancelable: true}))"""
    form = page.locator("main form")
    assert [form.evaluate(submit) for _ in range(2)] == [True, False]
    page.evaluate("""window.dispatchEvent(new PageTransitionEvent("pageshow"))""")
    assert form.evaluate(submit)


def test_results_while_typing_are_announced(transactional_db: None, open_page: Open) -> None:
    """Screen readers announce an element only if it stays in the page and its content changes."""
    owner = demo.create_game_master("gm")
    session = Session.objects.get(owner=owner, name="Fog Signal")
    page = open_page()
    log_in(page, "gm", "gm")
    for path, label, words, status_text in (
        ("/search/", "Search your sessions", "lamp", "found"),
        (f"{session.get_absolute_url()}transcript/", "Find in the transcript", "fog", "turn with"),
    ):
        page.goto(path)
        status = page.get_by_role("status").element_handle()
        page.get_by_label(label).fill(words)
        expect(page.get_by_role("status")).to_contain_text(status_text)
        assert status is not None
        assert status_text in status.inner_text()


HEBREW = "המנורה התשיעית"
STARTS_ON_THE_RIGHT = """element => {
  const text = document.createRange();
  text.selectNodeContents(element);
  const [inner, outer] = [text.getBoundingClientRect(), element.getBoundingClientRect()];
  return outer.right - inner.right < inner.left - outer.left;
}"""


def test_hebrew_starts_on_the_right(transactional_db: None, open_page: Open) -> None:
    session = make_session(
        make_user("gm"),
        name=HEBREW,
        description=HEBREW,
        player_recap=f"# {HEBREW}\n\n{HEBREW}\n\n- {HEBREW}\n",
        notes=HEBREW,
        transcript_text=f"MATT: {HEBREW}!\n",
    )
    page = open_page()
    log_in(page, "gm", "gm")
    session_url = session.get_absolute_url()
    for path, count in ((session_url, 5), (f"{session_url}transcript/", 1)):
        page.goto(path)
        texts = page.get_by_role("main").locator(
            ".lead, .prose :is(h3, p, li), .as-typed, .turns p"
        )
        expect(texts).to_have_count(count)
        for text in texts.all():
            assert text.evaluate(STARTS_ON_THE_RIGHT), text.evaluate("element => element.outerHTML")
    page.goto(f"{session_url}edit/")
    for label in ("Name", "Description", "Notes"):
        expect(page.get_by_label(label)).to_have_css("unicode-bidi", "plaintext")


def test_the_keyboard_reaches_the_content_and_can_skip_to_it(
    transactional_db: None, open_page: Open
) -> None:
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
