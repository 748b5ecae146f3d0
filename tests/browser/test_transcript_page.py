"""The page of a transcript of hours: jumps, keys, links, highlights, corrections, find, phones."""

from __future__ import annotations

import functools
import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sessions_app.models import Session
from tests.browser.actions import log_in_by_cookie, with_and_without_script
from tests.browser.conftest import Open
from tests.browser.page_inspection import WINDOWS
from tests.support import real_sessions
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.transcribe_files import audio_segment, job

SECONDS = 4  # that a turn of the evening takes
IS_ON_TOP = """number => {
  const target = document.querySelector(`#t${number}:target`);
  if (!target) return false;
  const bar = Math.max(document.querySelector(".toolbar").getBoundingClientRect().bottom, 0);
  const { top } = target.getBoundingClientRect();
  return top >= bar - 1 && top < bar + innerHeight / 4;
}"""


@functools.cache
def lines() -> list[str]:
    """Return the turns of an evening: a real one, or else a long invented one."""
    if real_sessions.SESSIONS.exists():
        return next(iter(real_sessions.sessions().values()))
    turn = "MATT: " + "You see a lamp in the fog. "
    return [turn * (1 + number % 7) + "\n" for number in range(4000)]


@pytest.fixture
def evening(transactional_db: None) -> Session:
    """An evening of hours, with times."""
    segments = []
    for number, line in enumerate(lines()):
        speaker, _, words = line.partition(":")
        start = number * SECONDS
        segments.append(
            audio_segment(words.strip(), str(start), str(start + 3), speaker_label=speaker)
            | {"continues_turn": False}
        )
    owner = make_user("gm")
    return make_session(
        owner,
        make_campaign(owner, "Lamps"),
        "Fog Signal",
        transcript_json=job(audio_segments=segments),
    )


def reader(
    open_page: Open, session: Session, live_server: Any, *, width: int = 1280, **options: Any
) -> Page:
    """Open the transcript in a browser that moves, as browsers do unless told otherwise."""
    page = open_page(viewport={"width": width, "height": WINDOWS[width]}, **options)
    log_in_by_cookie(page, session.owner, live_server)
    page.goto(f"{session.get_absolute_url()}transcript/")
    return page


def expect_target_on_top(page: Page, number: int) -> None:
    """Wait for the address of the turn. (``expect`` describes the whole page whenever it waits.)"""
    page.wait_for_url(re.compile(f"#t{number}$"))
    assert page.evaluate(IS_ON_TOP, number)


def assert_reading_starts_in_the_upper_third(page: Page) -> None:
    words = page.locator("#t1 p").bounding_box()
    assert words is not None
    assert words["y"] < WINDOWS[390] / 3
    tools = page.locator(".toolbar :is(#find, search button, summary)").all()
    boxes = [box for tool in tools if (box := tool.bounding_box())]
    assert len(boxes) == 4
    assert len({round(box["y"] + box["height"] / 2) for box in boxes}) == 1  # one row


@with_and_without_script
@pytest.mark.parametrize("width", WINDOWS)
def test_a_jump_lands_on_the_turn(
    evening: Session, open_page: Open, live_server: Any, width: int, script: bool
) -> None:
    page = reader(open_page, evening, live_server, width=width, java_script_enabled=script)
    if width == min(WINDOWS):
        assert_reading_starts_in_the_upper_third(page)
    for at, number in (("2:00:05", 1802), ("0:01:00", 16)):
        page.locator(".toolbar").get_by_text("Jump", exact=True).click()
        page.get_by_label("Jump to a time").fill(at)
        page.locator(".toolbar").get_by_role("button", name="Go").click()
        expect_target_on_top(page, number)
    page.goto(f"{evening.get_absolute_url()}transcript/?turn=1200")
    expect_target_on_top(page, 1200)
    page.locator(".toolbar").get_by_text("Jump", exact=True).click()
    page.locator(".places").get_by_role("link", name=re.compile("^1:30:00")).click()
    expect_target_on_top(page, 1351)


FOCUSED = "document.activeElement.closest('li')?.id"
LONGEST_TAB = 2.0  # seconds to leave the turns


# Selects words of turn 5, but for the first and the last letter.
SELECT = """words => {
  const text = document.querySelector("#t5 p").firstChild;
  const start = text.data.indexOf(words);
  getSelection().setBaseAndExtent(text, start + 1, text, start + words.length - 1);
}"""


def test_reading_with_the_keyboard_and_keeping_words(
    evening: Session, open_page: Open, live_server: Any
) -> None:
    page = reader(
        open_page, evening, live_server, permissions=["clipboard-read", "clipboard-write"]
    )
    page.goto(f"{evening.get_absolute_url()}transcript/?turn=1200")
    expect_target_on_top(page, 1200)
    page.keyboard.press("Tab")  # thousands of turns are one stop
    assert page.evaluate(FOCUSED) == "t1200"
    keys = {"ArrowDown": 1201, "j": 1202, "k": 1201, "End": len(lines()), "Home": 1, "ArrowUp": 1}
    for key, turn in keys.items():
        page.keyboard.press(key)
        assert page.evaluate(FOCUSED) == f"t{turn}"
    for tool in ("Correct", "Copy link", "Highlight"):
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text(tool)
    started = time.monotonic()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) is None
    assert time.monotonic() - started < LONGEST_TAB

    page.locator("#t3 p").hover()
    page.locator("#turn-tools").get_by_role("button", name="Copy link").click()
    page.locator("#told").get_by_text("The link to this turn is copied.").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.endswith(f"{evening.get_absolute_url()}transcript/?turn=3")

    words = " ".join(page.locator("#t5 p").inner_text().split()[2:7]).rstrip(".,!?")
    page.evaluate(SELECT, words)
    page.locator("#turn-tools").get_by_role("button", name="Highlight").dblclick()
    page.locator("#told").get_by_text("It is listed with the session.").wait_for()
    expect(page.locator("#t5 mark")).to_have_text(words)
    page.reload()
    expect(page.locator("#t5 mark")).to_have_text(words)

    page.goto(evening.get_absolute_url())
    page.get_by_role("button", name="Copy as quote").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert words in page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="Add to the recap").click()
    expect(page.get_by_text("Added to the end of the recap.")).to_be_in_viewport()
    expect(page.locator(".recap blockquote")).to_contain_text(words)
    page.get_by_role("link", name="at 0:16").click()
    expect_target_on_top(page, 5)


def test_without_script_the_keyboard_is_not_caught_among_the_turns(
    evening: Session, open_page: Open, live_server: Any
) -> None:
    page = reader(open_page, evening, live_server, java_script_enabled=False)
    page.locator("summary").get_by_text("More").focus()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip the transcript")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    back = page.get_by_role("link", name="Back to the top")
    expect(back).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("link").first).to_be_focused()


@with_and_without_script
def test_a_turn_is_corrected_and_highlighted_on_its_page(
    evening: Session, open_page: Open, live_server: Any, script: bool
) -> None:
    page = reader(open_page, evening, live_server, width=390, java_script_enabled=script)
    if script:
        page.locator("#t2 p").click(position={"x": 5, "y": 5})
        page.locator("#turn-tools").get_by_role("link", name="Correct").click()
    else:
        page.locator("#t2").get_by_role("link", name="0:04").click()
    page.get_by_label("Speaker").fill("Chris")
    page.get_by_label("Words", exact=True).fill("Another voice.\n\nAnd the rest.")
    page.get_by_role("button", name="Save the turn").click()
    expect_target_on_top(page, 2)
    expect(page.locator("#t2").get_by_text("Turn saved.")).to_be_in_viewport()
    expect(page.locator("#t2")).to_contain_text("Another voice.")
    expect(page.locator("#t3 .voice")).to_have_text("Chris")

    page.goto(f"{evening.get_absolute_url()}transcript/turns/3/")
    page.get_by_label("Words", exact=True).fill("And all the rest.")
    page.get_by_label("Words to keep").fill("the rest")
    page.get_by_role("button", name="Highlight these words").click()
    expect(page.get_by_text("Your correction is not saved yet.")).to_be_in_viewport()
    expect(page.get_by_label("Words", exact=True)).to_have_value("And all the rest.")
    page.get_by_label("Words", exact=True).fill("And the rest.")
    page.get_by_role("button", name="Highlight these words").click()
    page.locator("#t3 mark").get_by_text("the rest").wait_for()
    page.goto(f"{evening.get_absolute_url()}transcript/turns/3/")
    page.get_by_role("button", name="Join with the previous turn").click()
    page.locator("#t2 p").get_by_text("Another voice. And the rest.").wait_for()
    page.goto(f"{evening.get_absolute_url()}transcript/turns/2/")
    page.get_by_text("Delete this turn").click()
    page.get_by_role("button", name="Delete the turn").click()
    expect_target_on_top(page, 2)
    assert page.get_by_text("Another voice.").count() == 0


# Empties the field, and returns how many turns there are before the browser can paint anything.
EMPTY = """() => {
  const field = document.getElementById("find");
  field.value = "";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  return new Promise(requestAnimationFrame)
    .then(() => document.querySelectorAll("#turn-list li").length);
}"""
SLOWDOWN = 6


def test_an_emptied_field_shows_the_transcript_at_once(
    evening: Session, open_page: Open, live_server: Any
) -> None:
    """On a slow phone, and without asking the server."""
    page = reader(open_page, evening, live_server)
    count = page.locator("#turn-list li").count()
    processor = page.context.new_cdp_session(page)
    processor.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.get_by_label("Find in the transcript").fill("the")
    page.locator("mark").first.wait_for()
    assert page.locator("#turn-list li").count() < count
    page.context.set_offline(True)
    assert page.evaluate(EMPTY) == count
    assert "find" not in page.url


def test_an_emptied_field_shows_the_transcript_of_a_page_that_came_with_words(
    evening: Session, open_page: Open, live_server: Any
) -> None:
    page = reader(open_page, evening, live_server)
    count = page.locator("#turn-list li").count()
    processor = page.context.new_cdp_session(page)
    processor.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    path = f"{evening.get_absolute_url()}transcript/"
    with page.expect_request_finished(lambda request: request.url.endswith(path)):
        page.goto(f"{path}?find=the")
    assert page.locator("#turn-list li").count() < count
    page.context.set_offline(True)
    page.evaluate(EMPTY)
    expect(page.locator("#turn-list li")).to_have_count(count)
    assert "find" not in page.url


def test_a_link_is_copied_in_a_browser_without_a_clipboard(
    evening: Session, open_page: Open, live_server: Any
) -> None:
    page = reader(open_page, evening, live_server)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.locator("#t3 .time").focus()
    page.locator("#turn-tools").get_by_role("button", name="Copy link").click()
    page.locator("#told").get_by_text("The link to this turn is copied.").wait_for()
    field = page.get_by_label("Find in the transcript")
    field.press("Control+V")
    assert field.input_value().endswith("/transcript/?turn=3")
