"""Importing many files, with and without JavaScript, and the dates of what they became."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from campaigns.models import Campaign
from sessions_app import demo
from sessions_app.models import Session
from tests.browser.actions import log_in_by_cookie, with_and_without_script
from tests.browser.conftest import Open
from tests.browser.page_inspection import PageInspector, in_each_window
from tests.support.exported import archive_of
from tests.support.factories import make_campaign, make_user

TEXT = "MATT: Roll for initiative.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with transcripts, one that cannot be read, and a file of another program."""
    (tmp_path / "2024-03-17 The vault.txt").write_text(TEXT)
    (tmp_path / "The oil.txt").write_text(TEXT)
    (tmp_path / "broken.json").write_text('{"results": }')
    (tmp_path / "desktop.ini").write_text("[.ShellClassInfo]")
    return tmp_path


def rows(page: Page) -> Any:
    return page.locator("#uploads > li")


@with_and_without_script
def test_a_folder_of_transcripts_is_imported_and_dated(
    transactional_db: None, open_page: Open, live_server: object, folder: Path, script: bool
) -> None:
    owner = make_user("gm")
    campaign = make_campaign(owner, "Lamps")
    page = open_page(java_script_enabled=script)
    log_in_by_cookie(page, owner, live_server)
    page.goto(campaign.get_absolute_url())
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("folder").set_input_files(folder)
    page.get_by_role("button", name="Import").click()
    expect(rows(page)).to_have_count(3)
    expect(rows(page).filter(has_text="broken.json")).to_contain_text("is broken at line 1")
    expect(rows(page).get_by_role("link", name="The oil")).to_be_visible()
    expect(rows(page).get_by_role("link", name="2024 03 17 The vault")).to_be_visible()
    assert campaign.sessions.count() == 2

    page.get_by_role("link", name="Check the dates").click()
    expect(page.get_by_label("2024 03 17 The vault")).to_have_value("2024-03-17")
    page.get_by_label("The oil").fill("2024-03-24")
    page.get_by_role("button", name="Save the dates").click()
    expect(page.get_by_role("status")).to_have_text("Dates saved.")
    expect(page).to_have_url(re.compile(campaign.get_absolute_url()))
    expect(page.get_by_text("24 Mar 2024")).to_be_visible()


def test_a_file_that_failed_is_sent_again(
    transactional_db: None, open_page: Open, live_server: object, folder: Path
) -> None:
    owner = make_user("gm")
    page = open_page(server_error=True)
    log_in_by_cookie(page, owner, live_server)
    page.goto("/sessions/import/")
    page.route("**/sessions/import/", lambda route: route.fulfill(status=502, body="Bad gateway"))
    page.get_by_label("Files").set_input_files([folder / "The oil.txt"])
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("status")).to_have_text("1 of 1 files sent, 1 failed.")
    expect(page.get_by_role("link", name="Check the dates")).to_be_hidden()
    page.unroute("**/sessions/import/")
    page.get_by_role("button", name="Retry The oil.txt").click()
    expect(rows(page).get_by_role("link", name="The oil")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("1 of 1 files sent.")
    assert Session.objects.count() == 1

    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_label("Files").set_input_files([folder / "The oil.txt"])
    page.get_by_role("button", name="Import").click()
    expect(rows(page)).to_contain_text("You were logged out.")


def contents() -> list[tuple[str, str | None, str]]:
    return sorted(Session.objects.values_list("name", "campaign__name", "notes"), key=str)


def test_an_archive_is_unpacked_and_each_session_has_its_result(
    transactional_db: None, open_page: Open, live_server: object, tmp_path: Path
) -> None:
    owner = demo.create_game_master("gm")
    assert owner is not None
    names = contents()
    archive = tmp_path / "Tabletop.zip"
    archive.write_bytes(archive_of(owner))
    count = len(names) + Campaign.objects.count()
    Session.objects.all().delete()
    Campaign.objects.all().delete()
    page = open_page()
    log_in_by_cookie(page, owner, live_server)
    page.goto("/sessions/import/")
    page.get_by_label("Files").set_input_files(archive)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("status")).to_have_text(f"{count} of {count} files sent.")
    expect(rows(page).get_by_role("link", name="Fog Signal")).to_be_visible()
    assert contents() == names

    broken = tmp_path / "broken.zip"
    broken.write_bytes(archive.read_bytes()[:-20])
    page.get_by_label("Files").set_input_files(broken)
    page.get_by_role("button", name="Import").click()
    expect(rows(page)).to_contain_text("broken.zip is damaged")


DROP = """(form, text) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], "dropped.txt"));
  form.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, cancelable: true}));
}"""


def test_stop_keeps_what_was_not_sent_and_files_can_be_dropped(
    transactional_db: None, open_page: Open, live_server: object, folder: Path
) -> None:
    owner = make_user("gm")
    page = open_page(server_error=True)
    log_in_by_cookie(page, owner, live_server)
    page.goto("/sessions/import/")
    page.route("**/sessions/import/", lambda route: None)  # never answered
    page.get_by_label("Files").set_input_files(sorted(folder.glob("*.[tj]*")))
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped.")).to_have_count(3)
    page.unroute_all(behavior="ignoreErrors")

    page.reload()
    page.locator("form.drop").evaluate(DROP, TEXT)
    expect(page.get_by_text("1 dropped file will be imported.")).to_be_visible()
    page.get_by_role("button", name="Import").click()
    expect(rows(page).get_by_role("link", name="dropped")).to_be_visible()


@in_each_window
def test_the_results_and_the_dates_are_accessible(
    transactional_db: None,
    open_page: Open,
    live_server: object,
    folder: Path,
    width: int,
) -> None:
    inspector = PageInspector(open_page, width)
    page = inspector.open()
    log_in_by_cookie(page, make_user("gm"), live_server)
    page.goto("/sessions/import/")
    long_name = folder / f"{'Donaudampfschifffahrt' * 6}.txt"
    long_name.write_text(TEXT)
    page.get_by_label("Files").set_input_files(sorted(folder.glob("*.[tj]*")))
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("status")).to_have_text("4 of 4 files sent, 1 failed.")
    inspector.inspect(page, "import-results")
    page.get_by_role("link", name="Check the dates").click()
    inspector.inspect(page, "import-dates")
    assert inspector.problems == []
