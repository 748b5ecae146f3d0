"""Every page in light and dark, on a phone and on a wide screen: axe finds nothing to mend.

The pictures are left in ``.local/screenshots`` for people to look at.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db.models import F
from playwright.sync_api import Page, expect

from campaigns.models import Campaign
from config.accounts.models import FREE_ATTEMPTS
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check, history
from sessions_app import demo
from sessions_app.models import Session
from tests.browser.conftest import Open
from tests.browser.looking import (
    NARROWEST,
    WIDTHS,
    Eyes,
    every_look,
    link_in,
    log_in,
    needs_axe,
)
from tests.support.stored import item_of
from tests.support.tampering import set_attribute


@pytest.fixture
def paths(transactional_db: None) -> dict[str, str]:
    """Name -> address of each page, with something on it."""
    owner = demo.create_game_master("gm")
    assert owner is not None
    User.objects.create_user("newcomer", password="newcomer")
    filed = Session.objects.filter(owner=owner, campaign__isnull=False).exclude(transcript_text="")
    session = filed.order_by(F("transcript_json").asc(nulls_last=True), "name").first()
    assert session is not None
    session.share()
    session.save()
    empty = Session.objects.create(owner=owner, campaign=session.campaign, name="Next Thursday")
    base, campaign = f"/sessions/{session.pk}", f"/campaigns/{session.campaign_id}"
    return {
        "dashboard": "/",
        "campaign": f"{campaign}/",
        "campaign-new": "/campaigns/new/",
        "campaign-edit": f"{campaign}/edit/",
        "campaign-delete": f"{campaign}/delete/",
        "session-new": f"/sessions/new/?campaign={session.campaign_id}",
        "session": f"{base}/",
        "session-empty": f"/sessions/{empty.pk}/",
        "session-edit": f"{base}/edit/",
        "session-delete": f"{base}/delete/",
        "transcript": f"{base}/transcript/",
        "transcript-find": f"{base}/transcript/?find=the",
        "transcript-empty": f"/sessions/{empty.pk}/transcript/",
        "transcript-edit": f"{base}/transcript/edit/",
        "transcript-delete": f"{base}/transcript/delete/",
        "speakers": f"{base}/transcript/speakers/",
        "search": "/search/?q=lamp",
        "search-nothing": "/search/?q=xyzzy",
        "shared": f"/share/{session.share_token}/",
        "password": "/accounts/password/",
        "not-found": "/nowhere/",
    }


OUTSIDE = {
    "login": "/accounts/login/",
    "signup": "/accounts/signup/",
    "password-reset": "/accounts/password/reset/",
    "password-new": "/accounts/password/reset/MQ/wrong/",
}


@every_look
def test_every_page(
    paths: dict[str, str], open_page: Open, live_server: Any, scheme: str, width: int
) -> None:
    eyes = Eyes(open_page, width, scheme)

    def look(page: Page, name: str, path: str) -> None:
        page.goto(path)
        eyes.look(page, name)

    inside = eyes.open()
    log_in(inside, User.objects.get(username="gm"), live_server)
    for name, path in paths.items():
        look(inside, name, path)
    newcomer = eyes.open()
    log_in(newcomer, User.objects.get(username="newcomer"), live_server)
    look(newcomer, "newcomer", "/")
    outside = eyes.open()
    for name, path in OUTSIDE.items():
        look(outside, name, path)
    assert eyes.found == []


def pk_of(paths: dict[str, str]) -> str:
    return paths["session"].split("/")[2]


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=name).click()


@every_look
def test_lists_of_two_pages_and_paper(
    paths: dict[str, str], open_page: Open, live_server: Any, scheme: str, width: int
) -> None:
    owner = User.objects.get(username="gm")
    campaign = Campaign.objects.create(owner=owner, name="The long one")
    Campaign.objects.bulk_create(Campaign(owner=owner, name=f"C{n}") for n in range(12))
    Session.objects.bulk_create(
        Session(owner=owner, campaign=home, name=f"Lamp {n}")
        for n in range(21)
        for home in (campaign, None)
    )
    eyes = Eyes(open_page, width, scheme)
    page = eyes.open()
    log_in(page, owner, live_server)
    for name, path in {
        "campaign": campaign.get_absolute_url(),
        "dashboard": "/",
        "search": "/search/?q=lamp",
    }.items():
        page.goto(path)
        page.get_by_role("link", name="Next →").last.click()
        expect(page.get_by_text("Page 2 of").last).to_be_visible()
        page.get_by_text("Page 2 of").last.scroll_into_view_if_needed()
        eyes.look(page, f"{name}-page-2")
    page.emulate_media(media="print")
    for name in ("session", "transcript", "shared"):
        page.goto(paths[name])
        eyes.look(page, f"{name}-print")
    assert eyes.found == []


LONG = "Donaudampfschifffahrtsgesellschaftskapitaen"
LONG_NAME = (LONG * 5)[:200]
WIDE = f"""\
A paragraph that says {LONG * 3} in one word.

```
for lamp in lighthouse.lamps(order="from the ninth to the first"): lamp.light(oil="the good one")
```

| Adventurer | Armour class | Hit points | Initiative | Remembered afterwards |
| --- | --- | --- | --- | --- |
| Percival | 17 | 45 | +2 | {LONG} |
| Vex | 16 | 38 | +5 | Everything, and the price of it |
"""


@needs_axe
@pytest.mark.parametrize("width", [NARROWEST, *WIDTHS])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_long_words_and_wide_things(
    transactional_db: None, open_page: Open, live_server: Any, scheme: str, width: int
) -> None:
    owner = User.objects.create_user("gm" * 70)
    campaign = Campaign.objects.create(owner=owner, name=LONG_NAME, description=WIDE)
    session, empty = (
        Session.objects.create(
            owner=owner,
            campaign=campaign,
            name=LONG_NAME,
            description=LONG * 3,
            player_recap=WIDE,
            summary=WIDE,
            notes=WIDE,
            transcript_text=text,
        )
        for text in (f"{LONG.upper()[:40]}: {LONG * 3}\nVEX: Yes.\n", "")
    )
    session.share()
    session.save()
    base = f"/sessions/{session.pk}"
    eyes = Eyes(open_page, width, scheme)
    page = eyes.open()
    log_in(page, owner, live_server)
    for name, path in {
        "dashboard": "/",
        "campaign": f"/campaigns/{campaign.pk}/",
        "campaign-edit": f"/campaigns/{campaign.pk}/edit/",
        "campaign-delete": f"/campaigns/{campaign.pk}/delete/",
        "session": f"{base}/",
        "session-edit": f"{base}/edit/",
        "session-delete": f"{base}/delete/",
        "transcript": f"{base}/transcript/?find={LONG}",
        "transcript-empty": f"/sessions/{empty.pk}/transcript/",
        "speakers": f"{base}/transcript/speakers/",
        "search": f"/search/?q={LONG_NAME}",
        "shared": session.get_share_url(),
    }.items():
        page.goto(path)
        eyes.look(page, f"long-{name}")
    assert eyes.found == []


@every_look
def test_forms_with_something_wrong(
    paths: dict[str, str], open_page: Open, live_server: Any, scheme: str, width: int
) -> None:
    eyes = Eyes(open_page, width, scheme)
    page = eyes.open()
    log_in(page, User.objects.get(username="gm"), live_server)
    for name, path, button in (
        ("campaign", "/campaigns/new/", "Make the campaign"),
        ("session", "/sessions/new/", "Save the session"),
    ):
        page.goto(path)
        page.get_by_label("Name").fill(" ")
        page.get_by_label("Description").fill("What was typed before")
        press(page, button)
        eyes.look(page, f"{name}-error")
    page.goto(paths["transcript-edit"])
    press(page, "Save the transcript")
    eyes.look(page, "transcript-error")
    for field in ("notes", "name"):  # the first is told to be changed elsewhere, the second kept
        page.goto(paths["session-edit"])
        Session.objects.filter(pk=pk_of(paths)).update(notes=f"Another tab, {field}")
        page.get_by_label(field.capitalize()).fill("This tab")
        press(page, "Save")
        page.get_by_text("nother tab").first.scroll_into_view_if_needed()
        eyes.look(page, f"session-two-tabs-{field}")
    page.goto("/accounts/password/")
    page.get_by_label("Old password").fill("wrong")
    page.get_by_label("New password", exact=True).fill("12345678")
    page.get_by_label("New password confirmation").fill("87654321")
    press(page, "Change password")
    eyes.look(page, "password-error")
    assert eyes.found == []


@every_look
def test_doors_with_something_wrong(
    paths: dict[str, str], open_page: Open, live_server: Any, scheme: str, width: int
) -> None:
    User.objects.filter(username="gm").update(email="gm@example.org")
    eyes = Eyes(open_page, width, scheme)
    page = eyes.open()
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill("gm")
    page.get_by_label("Password", exact=True).fill("password")
    page.get_by_label("Password confirmation").fill("password")
    press(page, "Make my account")
    eyes.look(page, "signup-error")
    page.goto("/accounts/login/")
    for number in range(FREE_ATTEMPTS + 1):
        page.get_by_label("Username").fill("gm")
        page.get_by_label("Password").fill("wrong")
        press(page, "Log in")
        expect(page.get_by_role("alert")).to_be_visible()
        if number in {0, FREE_ATTEMPTS}:
            eyes.look(page, "login-wait" if number else "login-error")
    for number in range(FREE_ATTEMPTS + 1):
        page.goto("/accounts/password/reset/")
        page.get_by_label("Email").fill("gm@example.org")
        press(page, "Send me a link")
        if number in {0, FREE_ATTEMPTS}:
            eyes.look(page, "password-reset-wait" if number else "password-reset-sent")
    page.goto(link_in(str(mail.outbox[0].body)))
    eyes.look(page, "password-choose")
    page.get_by_label("New password", exact=True).fill("12345678")
    page.get_by_label("New password confirmation").fill("87654321")
    press(page, "Set password")
    eyes.look(page, "password-choose-error")
    assert eyes.found == []


@every_look
def test_pages_of_staff(
    mirror: Stores,
    paths: dict[str, str],
    open_page: Open,
    live_server: Any,
    scheme: str,
    width: int,
) -> None:
    worker.drain()
    session = Session.objects.get(pk=pk_of(paths))
    set_attribute(mirror, item_of(mirror, session.pk), "notes", {"S": "Not what was written"})
    history.record(check.check(mirror))
    eyes = Eyes(open_page, width, scheme)
    page = eyes.open()
    log_in(page, User.objects.create_superuser("admin"), live_server)
    for name, path in {
        "dashboard": "/admin/mirror/",
        "search": "/admin/mirror/search/?owner=gm&q=Fog",
        "compare": f"/admin/mirror/compare/sessions_app.session/{session.pk}/",
    }.items():
        page.goto(path)
        eyes.look(page, f"mirror-{name}")
    assert eyes.found == []
