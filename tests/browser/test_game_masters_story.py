"""A game master's first week as one story: ten real evenings come, are worked on, and go again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from campaigns.models import Campaign
from mirror.stores.clients import Stores
from sessions_app.models import Highlight, Session
from tests.browser.actions import PASSWORD, sign_up
from tests.browser.conftest import Open
from tests.browser.page_inspection import WINDOWS
from tests.support import real_sessions
from tests.support.commands import assert_everything_is_mirrored
from tests.support.real_sessions import needs_sessions
from tests.support.stored import assert_equal_after_sync, live_items, objects
from tests.support.transcribe_files import audio_segment, job

EVENINGS = 10
HOURS = 7 * 3600.0  # seconds that each evening takes
SIXTH_HOUR = 5 * 3600.0


def write_evenings(folder: Path) -> dict[str, list[str]]:
    """Write evenings as a transcriber does; return their lines by file. Half have a day."""
    evenings = {}
    for number, lines in enumerate(list(real_sessions.sessions().values())[:EVENINGS], 1):
        day = f"2015-03-{number:02d} " if number % 2 else ""
        pace = HOURS / len(lines)
        segments = [
            audio_segment(words.strip(), index * pace, (index + 0.9) * pace, speaker_label=speaker)
            for index, (speaker, _, words) in enumerate(line.partition(":") for line in lines)
        ]
        file = folder / f"{day}Evening {number:02d}.json"
        file.write_text(json.dumps(job(audio_segments=segments)))
        evenings[file.stem] = lines
    return evenings


def import_and_date(page: Page, folder: Path, *, script: bool) -> None:
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("folder").set_input_files(folder)
    page.get_by_role("button", name="Import").click(timeout=60_000)  # without script until it ends
    expect(page.get_by_role("status")).to_have_text(
        f"{EVENINGS} of {EVENINGS} files sent."
        if script
        else f"{EVENINGS} sessions created from {EVENINGS} files.",
        timeout=60_000,
    )
    page.get_by_role("link", name="Check the dates").click()
    dates = page.locator("input[type=date]")
    expect(dates).to_have_count(EVENINGS)
    for number, date in enumerate(dates.all(), 1):
        if not date.input_value():
            date.fill(f"2015-04-{number:02d}")
    page.get_by_role("button", name="Save the dates").click()
    expect(page.get_by_role("status")).to_have_text("Dates saved.")


def correct(page: Page, session: Session, number: int) -> None:
    page.goto(f"{session.get_absolute_url()}transcript/turns/{number}/")
    field = page.get_by_label("Words", exact=True)
    words = field.input_value()
    field.fill(f"{words} Corrected{number}.")
    page.get_by_role("button", name="Save the turn").click()
    page.get_by_text(f"Corrected{number}.").wait_for()


def highlight(page: Page, session: Session, number: int) -> None:
    page.goto(f"{session.get_absolute_url()}transcript/turns/{number}/")
    page.get_by_role("button", name="Highlight these words").click()
    page.locator(f"#t{number} mark").first.wait_for()


def share_with_players(page: Page, campaign: Campaign, session: Session) -> str:
    """Write a recap, share it and the campaign; return the players' address."""
    page.goto(f"{session.get_absolute_url()}edit/")
    page.get_by_label("Player recap").fill("The lamps went out.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Make a share link").click()
    page.goto(campaign.get_absolute_url())
    page.get_by_role("button", name="Make a link to all recaps").click()
    return page.get_by_label("Share link").input_value()


def phrase_of_the_sixth_hour(lines: list[str]) -> str:
    """Return four words in a row that a turn of the sixth hour begins with."""
    first = int(len(lines) * SIXTH_HOUR / HOURS) + 20
    for line in lines[first:]:
        words = re.findall(r"[A-Za-z]+", line.partition(":")[2])
        if len(words) > 8 and " ".join(words[:4]) in line:
            return " ".join(words[:4])
    raise AssertionError("nobody says four words")


@needs_sessions
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("width", "script"),
    [(390, False), (1280, True)],
    ids=["phone without script", "laptop with script"],
)
def test_ten_evenings_from_the_folder_to_the_end_of_the_account(
    mirror: Stores, open_page: Open, tmp_path: Path, width: int, script: bool
) -> None:
    evenings = write_evenings(tmp_path)
    window = {"width": width, "height": WINDOWS[width]}
    page = open_page(viewport=window, java_script_enabled=script)
    sign_up(page)
    page.goto("/campaigns/new/")
    page.get_by_label("Name").fill("Vox")
    page.get_by_role("button", name="Create campaign").click()
    import_and_date(page, tmp_path, script=script)
    campaign = Campaign.objects.get()
    assert campaign.sessions.filter(played_on=None).count() == 0

    session = campaign.sessions.get(name="Evening 02")
    for number in (2, 40, 300):
        correct(page, session, number)
    for number in (5, 50, 100, 200, 400):
        highlight(page, session, number)
    page.goto(campaign.get_absolute_url())
    assert Highlight.objects.count() == 5
    expect(page.locator(".highlights li")).to_have_count(5)

    players = open_page(viewport=window, java_script_enabled=script)
    players.goto(share_with_players(page, campaign, session))
    players.get_by_role("link", name="Evening 02").click()
    expect(players.get_by_text("The lamps went out.")).to_be_visible()

    phrase = phrase_of_the_sixth_hour(evenings["Evening 04"])
    page.goto("/search/")
    page.get_by_label("Search your sessions").fill(f'"{phrase}"')
    page.get_by_role("button", name="Search", exact=True).click()
    hits = page.locator("#results li").filter(has=page.get_by_role("link", name="Evening 04"))
    hits.get_by_role("link", name=re.compile("^[5-6]:")).first.click()
    expect(page.locator("mark").first).to_be_in_viewport()
    assert_equal_after_sync(mirror)

    page.goto("/accounts/delete/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Delete account").click()
    expect(page.get_by_label("Username")).to_be_visible()
    assert_everything_is_mirrored()
    assert (live_items(mirror), objects(mirror)) == ([], {})
    assert (User.objects.count(), Session.objects.count()) == (0, 0)
