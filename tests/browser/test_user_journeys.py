"""What users do from start to end, in a browser with and without JavaScript.

At the end of a journey, the mirror must hold everything that the pages have saved.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from zipfile import ZipFile

from django.contrib.auth.models import User
from django.core import mail
from playwright.sync_api import Page, expect

from campaigns.models import Campaign
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check, history
from sessions_app import demo
from sessions_app.models import Session
from tests.browser.actions import PASSWORD, link_in, log_in, sign_up, with_and_without_script
from tests.browser.conftest import Open
from tests.support.commands import assert_everything_is_mirrored
from tests.support.factories import make_campaign, make_session, make_sessions, make_user
from tests.support.stored import item_of
from tests.support.tampering import set_attribute

LOG = "MATT: Roll for initiative.\nLAURA: A twenty! The dragon <sleeps>.\nMATT: It wakes.\n"


def download(page: Page, link: str) -> Path:
    """Click on a link and return the file, under the name that the server suggests."""
    with page.expect_download() as started:
        page.get_by_role("link", name=link).click()
    return started.value.path().rename(
        started.value.path().with_name(started.value.suggested_filename)
    )


@with_and_without_script
def test_a_newcomer_shares_the_first_session(  # noqa: PLR0915 - one journey
    mirror: Stores, open_page: Open, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    sign_up(page)

    page.get_by_role("link", name="Create your first campaign").click()
    page.get_by_label("Name").fill("Lamps of the Long Shoal")
    page.get_by_label("Description").fill("A lighthouse, and what it keeps away.")
    page.get_by_role("button", name="Create campaign").click()

    page.get_by_role("link", name="Add its first session").click()
    selected = page.get_by_label("Campaign").locator("option:checked")
    expect(selected).to_have_text("Lamps of the Long Shoal")
    page.get_by_label("Name").fill("The ninth lamp")
    page.get_by_label("Player recap").fill("## Midnight\n\nYou **lit** the ninth lamp.")
    page.get_by_label("Notes").fill("The keeper lies.")
    page.get_by_role("button", name="Create session").click()
    expect(page.get_by_role("heading", name="Midnight")).to_be_visible()

    page.get_by_role("link", name="Add the transcript").click()
    page.get_by_label("Paste the transcript").fill(LOG)
    page.get_by_role("button", name="Save the transcript").click()
    expect(page.get_by_text("A twenty! The dragon <sleeps>.")).to_be_visible()

    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Name the speakers").click()
    page.get_by_label("MATT", exact=True).fill("Matthew")
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

    assert_everything_is_mirrored()


@with_and_without_script
def test_of_two_tabs_that_save_the_same_field_the_second_decides(
    mirror: Stores, open_page: Open, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    sign_up(page)
    page.goto("/sessions/new/")
    page.get_by_label("Name").fill("Evening")
    page.get_by_role("button", name="Create session").click()
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
    assert_everything_is_mirrored()


@with_and_without_script
def test_a_campaign_is_edited_downloaded_and_printed(
    mirror: Stores, open_page: Open, script: bool
) -> None:
    owner = demo.create_game_master("gm")
    campaign = Campaign.objects.get(owner=owner, name="Lamps of the Long Shoal")
    make_sessions(campaign.owner, 20, campaign)
    page = open_page(java_script_enabled=script)
    log_in(page, "gm", "gm")
    page.get_by_role("link", name="Lamps of the Long Shoal").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Name").fill("Lamps")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    with ZipFile(download(page, "Download")) as archive:
        assert any("Fog Signal" in name for name in archive.namelist())

    page.get_by_role("link", name="Next →").click()
    page.get_by_role("link", name="Fog Signal").first.click()
    for link, ending, words in (
        ("Markdown for players", ".md", "**when the fog lifts**"),
        ("Plain text for players", ".txt", "when the fog lifts"),
        ("Subtitles", ".vtt", "Third watch."),
        ("Everything", ".json", "when the fog lifts"),
    ):
        file = download(page, link)
        assert file.name == f"Fog Signal{ending}"
        assert words in file.read_text()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Player recap")).to_be_visible()
    expect(page.get_by_role("heading", name="Summary")).to_be_hidden()
    expect(page.get_by_role("heading", name="Notes")).to_be_hidden()
    expect(page.get_by_role("link", name="Markdown for players")).to_be_hidden()
    assert_everything_is_mirrored()


CUE = "00:00:01{0}000 --> 00:00:02{0}000\nMATT: From a file.\n"
FILES = {
    "log.json": json.dumps(
        {"results": {"transcripts": [{"transcript": "From a file."}], "items": [
            {"type": "pronunciation", "start_time": "1.0", "end_time": "2.0",
             "alternatives": [{"content": "From a file.", "confidence": "1.0"}]}
        ]}}
    ),
    "log.vtt": "WEBVTT\n\n" + CUE.format("."),
    "log.srt": "1\n" + CUE.format(","),
}  # fmt: skip


@with_and_without_script
def test_a_session_is_moved_shared_and_gets_transcripts_from_files(
    mirror: Stores, open_page: Open, script: bool
) -> None:
    owner = make_user("gm")
    make_campaign(owner, name="Lamps")
    session = make_session(owner, name="Evening", player_recap="You won.")
    page = open_page(java_script_enabled=script, permissions=["clipboard-read", "clipboard-write"])
    log_in(page, "gm", "gm")
    page.get_by_role("link", name="Evening").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Campaign").select_option("Lamps")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Lamps")).to_be_visible()

    page.get_by_role("button", name="Make a share link").click()
    old = page.get_by_label("Share link").input_value()
    page.get_by_role("button", name="Replace the link").click()
    expect(page.get_by_role("status")).to_contain_text("There is a new link")
    new = page.get_by_label("Share link").input_value()
    if script:
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == new
    else:
        expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    player = open_page(java_script_enabled=script)
    player.goto(old)
    expect(player.get_by_role("heading", name="There is nothing here")).to_be_visible()
    player.goto(new)
    expect(player.get_by_text("You won.")).to_be_visible()

    for name, text in FILES.items():
        page.goto(f"{session.get_absolute_url()}transcript/edit/")
        page.get_by_label("file").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": text.encode()}
        )
        page.get_by_role("button", name="Save the transcript").click()
        expect(page.get_by_role("status").first).to_contain_text("saved")
        expect(page.get_by_text("From a file.")).to_be_visible()
    assert_everything_is_mirrored()


@with_and_without_script
def test_a_transcript_a_session_and_a_campaign_are_deleted(
    mirror: Stores, open_page: Open, script: bool
) -> None:
    demo.create_game_master("gm")
    page = open_page(java_script_enabled=script)
    log_in(page, "gm", "gm")
    page.get_by_role("link", name="Lamps of the Long Shoal").click()
    page.get_by_role("link", name="Fog Signal").first.click()
    page.get_by_role("link", name="Read the transcript").click()
    page.get_by_text("Jump", exact=True).click()
    page.get_by_label("Jump to a time").fill("0:16")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(":target")).to_contain_text("One stroke.")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Replace").click()
    page.get_by_role("button", name="Save the transcript").click()
    expect(page.get_by_role("alert")).to_contain_text("Paste the transcript, or choose a file.")
    page.get_by_label("Or choose a file").set_input_files(
        {"name": "log.txt", "mimeType": "text/plain", "buffer": LOG.encode()}
    )
    page.get_by_role("button", name="Save the transcript").click()
    expect(page.get_by_text("It wakes.")).to_be_visible()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove the transcript").click()
    expect(page.get_by_role("link", name="Add the transcript")).to_be_visible()

    page.get_by_role("link", name="Delete this session").click()
    page.get_by_role("button", name="Delete the session").click()
    expect(page.get_by_role("status")).to_have_text("Session deleted.")
    page.get_by_role("link", name="Delete this campaign").click()
    page.get_by_role("button", name="Delete the campaign").click()
    expect(page.get_by_role("heading", name="Unfiled sessions")).to_be_visible()
    expect(page.get_by_role("link", name="Oil for Two Nights")).to_be_visible()
    assert not Session.objects.filter(name="Fog Signal").exists()
    assert_everything_is_mirrored()


@with_and_without_script
def test_a_forgotten_password_is_reset_and_then_changed(
    transactional_db: None, open_page: Open, script: bool
) -> None:
    make_user("gm", email="gm@example.org")
    page = open_page(java_script_enabled=script)
    page.goto("/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email").fill("gm@example.org")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("status")).to_contain_text("a link is on its way")
    link = link_in(str(mail.outbox[0].body))
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password confirmation").fill("something else")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("The two passwords differ")).to_be_visible()
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("status")).to_contain_text("Password changed. Log in with the new one.")
    log_in(page, "gm", PASSWORD)

    page.goto("/accounts/password/")
    page.get_by_label("Old password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill(f"{PASSWORD} 2")
    page.get_by_label("New password confirmation").fill(f"{PASSWORD} 2")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status")).to_have_text("Password changed.")
    page.goto(link)
    page.get_by_role("link", name="Ask for a new one").click()
    expect(page.get_by_role("heading", name="Forgot your password?")).to_be_visible()


@with_and_without_script
def test_staff_find_a_difference_and_repair_it(
    mirror: Stores, open_page: Open, script: bool
) -> None:
    owner = User.objects.create_superuser("admin", password="admin")
    session = make_session(owner, name="Fog Signal", notes="As written")
    worker.drain()
    set_attribute(mirror, item_of(mirror, session.pk), "notes", {"S": "Not what was written"})
    history.record(check.check(mirror))
    page = open_page(java_script_enabled=script)
    log_in(page, "admin", "admin")
    page.goto("/admin/mirror/")
    page.get_by_label("Owner").fill("admin")
    page.get_by_label("Words").fill("Fog")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("cell", name="Fog Signal")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_text("Not what was written")).to_be_visible()
    page.get_by_role("button", name="Mirror now").click()
    expect(page.get_by_text("Mirrored just now.")).to_be_visible()
    expect(page.get_by_text("Not what was written")).to_have_count(0)
    assert_everything_is_mirrored()
