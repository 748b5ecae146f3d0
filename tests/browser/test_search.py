"""A search in the browser: results while typing, cleared at once, and the way into a transcript."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.browser.actions import log_in_by_cookie
from tests.browser.conftest import Open
from tests.browser.page_inspection import PageInspector, needs_axe
from tests.support.factories import make_session, make_user
from tests.support.transcribe_files import as_file, audio_segment, job, session_with

TURNS = 400
KRAKENS = (50, 200, 350)


def make_evening(owner: User) -> None:
    """Save a session of an hour with few krakens in much rain."""
    segments = [
        audio_segment(
            f"Turn {turn}: a kraken." if turn in KRAKENS else f"Turn {turn}: rain.",
            10.0 * turn,
            10.0 * turn + 4,
            speaker_label=f"spk_{turn % 2}",
        )
        for turn in range(1, TURNS + 1)
    ]
    session_with(as_file(job(audio_segments=segments)), owner=owner, name="Evening").save()


@needs_axe
def test_a_word_is_found_while_typing_and_opened_where_it_was_said(
    transactional_db: None, open_page: Open, live_server: Any
) -> None:
    owner = make_user("gm")
    make_evening(owner)
    make_session(owner, name="The lamp")
    inspector = PageInspector(open_page, 390)
    page = inspector.open()
    log_in_by_cookie(page, owner, live_server)
    page.goto("/search/")
    field = page.get_by_label("Search your sessions")

    field.press_sequentially("krak")
    expect(page.get_by_role("status")).to_have_text("1 session found.")
    expect(page.locator("#results mark")).to_have_text(["kraken"] * 3)
    field.fill("")  # no answer is waited for
    assert page.locator("#results li").count() == 0
    expect(page).to_have_url(re.compile("/search/$"))
    field.fill("-lamp")
    expect(page.get_by_role("status")).to_contain_text("only words to leave out")
    field.fill("krakens rain")
    place = page.get_by_role("link", name="33:20")
    expect(place).to_be_visible()
    inspector.inspect(page, "search-places")

    place.click()
    expect(page).to_have_url(re.compile(r"\?q=krakens\+rain&part=1#t200"))
    expect(page.locator("#t200")).to_be_in_viewport()
    expect(page.locator("#t200 mark")).to_have_text("kraken")
    inspector.inspect(page, "transcript-steps")
    page.keyboard.press("n")
    expect(page.locator("#t201 mark")).to_be_in_viewport()
    for _ in range(2):
        page.keyboard.press("p")
    expect(page.locator("#t199 mark")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Next").click()
    position = page.locator("#mark-steps output")
    expect(position).to_have_text(f"200 of {TURNS}")
    page.get_by_label("Find in the transcript").press_sequentially("nap")  # a field takes its keys
    expect(position).to_have_text(f"200 of {TURNS}")
    assert inspector.problems == []


def test_a_hit_in_a_long_turn_is_in_view(
    transactional_db: None, open_page: Open, live_server: Any
) -> None:
    owner = make_user("gm")
    rain = "rain " * 900
    session = make_session(owner, transcript_text=f"MATT: {rain}zeppelin {rain}")
    page = open_page(viewport={"width": 390, "height": 844})
    log_in_by_cookie(page, owner, live_server)
    page.goto(f"/sessions/{session.pk}/transcript/?q=zeppelin&line=1")
    expect(page.locator("#t1 mark")).to_be_in_viewport()
