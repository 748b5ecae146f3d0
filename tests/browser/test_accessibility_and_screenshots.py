"""Every page in light and dark, on a phone and on a laptop, is accessible and fits the window.

``make screenshots`` also takes pictures, into ``.local/screenshots``.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db.models import F
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.models import Campaign
from config.accounts.throttling import FREE_ATTEMPTS
from mirror.models import CheckRequest
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check, history
from sessions_app import demo
from sessions_app.models import Session
from tests.browser.actions import link_in, log_in_by_cookie
from tests.browser.conftest import Open
from tests.browser.page_inspection import (
    NARROWEST,
    WINDOWS,
    PageInspector,
    in_each_window,
    needs_axe,
)
from tests.support.factories import make_campaign, make_session, make_sessions, make_user
from tests.support.stored import item_of
from tests.support.tampering import set_attribute


@pytest.fixture
def paths(transactional_db: None) -> dict[str, str]:
    """The path of each page that a game master with the demo data sees, by a name for it."""
    owner = demo.create_game_master("gm")
    assert owner is not None
    make_user("newcomer")
    filed = Session.objects.filter(owner=owner, campaign__isnull=False).exclude(transcript_text="")
    session = filed.order_by(F("transcript_json").asc(nulls_last=True), "name").first()
    assert session is not None
    campaign_of_it = session.campaign
    assert campaign_of_it is not None
    for row in (session, campaign_of_it):
        row.share()
        row.save()
    session.highlights.create(quote="One stroke.", speaker="The keeper", start=16, turn=3)
    empty = make_session(owner, session.campaign, name="Next Thursday")
    base, campaign = f"/sessions/{session.pk}", f"/campaigns/{session.campaign_id}"
    return {
        "dashboard": "/",
        "campaign": f"{campaign}/",
        "campaign-highlights": f"{campaign}/highlights/",
        "campaign-new": "/campaigns/new/",
        "campaign-edit": f"{campaign}/edit/",
        "campaign-delete": f"{campaign}/delete/",
        "session-new": f"/sessions/new/?campaign={session.campaign_id}",
        "import": f"/sessions/import/?campaign={session.campaign_id}",
        "import-dates-empty": "/sessions/import/dates/",
        "session": f"{base}/",
        "session-empty": f"/sessions/{empty.pk}/",
        "session-edit": f"{base}/edit/",
        "session-delete": f"{base}/delete/",
        "transcript": f"{base}/transcript/",
        "transcript-find": f"{base}/transcript/?find=the",
        "transcript-marks": f"{base}/transcript/?q=fog",
        "transcript-empty": f"/sessions/{empty.pk}/transcript/",
        "turn": f"{base}/transcript/turns/2/",
        "transcript-edit": f"{base}/transcript/edit/",
        "transcript-delete": f"{base}/transcript/delete/",
        "speakers": f"{base}/transcript/speakers/",
        "search": "/search/?q=lamp",
        "search-nothing": "/search/?q=xyzzy",
        "shared": f"/share/{session.share_token}/",
        "players": campaign_of_it.get_share_url(),
        "players-recap": f"{campaign_of_it.get_share_url()}{session.pk}/",
        "account": "/accounts/",
        "email": "/accounts/email/",
        "password": "/accounts/password/",
        "account-delete": "/accounts/delete/",
        "not-found": "/nowhere/",
    }


@pytest.fixture
def inspector(open_page: Open, width: int) -> PageInspector:
    return PageInspector(open_page, width)


ANONYMOUS = {
    "login": "/accounts/login/",
    "signup": "/accounts/signup/",
    "password-reset": "/accounts/password/reset/",
    "password-new": "/accounts/password/reset/MQ/wrong/",
    "email-confirm-wrong": "/accounts/email/wrong/",
}


@in_each_window
def test_all_pages(paths: dict[str, str], inspector: PageInspector, live_server: Any) -> None:
    def visit(page: Page, name: str, path: str) -> None:
        page.goto(path)
        inspector.inspect(page, name)

    gm = inspector.open()
    log_in_by_cookie(gm, User.objects.get(username="gm"), live_server)
    for name, path in paths.items():
        visit(gm, name, path)
    gm.goto(paths["transcript"])
    gm.locator("#t2 p").click()
    inspector.inspect(gm, "transcript-tools")
    for menu in ("Jump", "More"):
        gm.get_by_text(menu, exact=True).click()
        inspector.inspect(gm, f"transcript-{menu.lower()}")
    newcomer = inspector.open()
    log_in_by_cookie(newcomer, User.objects.get(username="newcomer"), live_server)
    visit(newcomer, "newcomer", "/")
    anonymous = inspector.open()
    for name, path in ANONYMOUS.items():
        visit(anonymous, name, path)
    assert inspector.problems == []


def session_key(paths: dict[str, str]) -> str:
    """Return the primary key of the session that ``paths`` is about."""
    return paths["session"].split("/")[2]


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=name).click()


@in_each_window
def test_second_pages_of_lists_and_printed_pages(
    paths: dict[str, str], inspector: PageInspector, live_server: Any
) -> None:
    owner = User.objects.get(username="gm")
    campaign = make_campaign(owner, name="The long one")
    Campaign.objects.bulk_create(Campaign(owner=owner, name=f"C{n}") for n in range(12))
    for place in (campaign, None):
        make_sessions(owner, 21, place, description="By the light of a lamp")
    page = inspector.open()
    log_in_by_cookie(page, owner, live_server)
    for name, path in {
        "campaign": campaign.get_absolute_url(),
        "dashboard": "/",
        "search": "/search/?q=lamp",
    }.items():
        page.goto(path)
        page.get_by_role("link", name="Next →").last.click()
        expect(page.get_by_text("Page 2 of").last).to_be_visible()
        page.get_by_text("Page 2 of").last.scroll_into_view_if_needed()
        inspector.inspect(page, f"{name}-page-2")
    page.emulate_media(media="print")
    for name in ("session", "transcript", "shared"):
        page.goto(paths[name])
        inspector.inspect(page, f"{name}-print")
    assert inspector.problems == []


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
@pytest.mark.parametrize("width", [NARROWEST, *WINDOWS])
def test_long_words_and_wide_tables(
    transactional_db: None, inspector: PageInspector, live_server: Any
) -> None:
    owner = make_user("gm" * 70)
    campaign = make_campaign(owner, name=LONG_NAME, description=WIDE)
    session, empty = (
        make_session(
            owner,
            campaign,
            name=LONG_NAME,
            description=LONG * 3,
            player_recap=WIDE,
            summary=WIDE,
            notes=WIDE,
            transcript_text=text,
        )
        for text in (f"{LONG.upper()[:40]}: {LONG * 3}\nVEX: Yes.\n", "")
    )
    for row in (session, campaign):
        row.share()
        row.save()
    session.highlights.create(quote=LONG * 3, speaker=LONG.upper()[:40], turn=1)
    base = f"/sessions/{session.pk}"
    page = inspector.open()
    log_in_by_cookie(page, owner, live_server)
    for name, path in {
        "dashboard": "/",
        "campaign": f"/campaigns/{campaign.pk}/",
        "campaign-edit": f"/campaigns/{campaign.pk}/edit/",
        "campaign-delete": f"/campaigns/{campaign.pk}/delete/",
        "session": f"{base}/",
        "session-edit": f"{base}/edit/",
        "session-delete": f"{base}/delete/",
        "transcript": f"{base}/transcript/?find={LONG}",
        "turn": f"{base}/transcript/turns/1/",
        "transcript-empty": f"/sessions/{empty.pk}/transcript/",
        "speakers": f"{base}/transcript/speakers/",
        "search": f"/search/?q={LONG_NAME}",
        "shared": session.get_share_url(),
        "players": campaign.get_share_url(),
    }.items():
        page.goto(path)
        inspector.inspect(page, f"long-{name}")
    assert inspector.problems == []


@in_each_window
def test_forms_with_errors(
    paths: dict[str, str], inspector: PageInspector, live_server: Any
) -> None:
    page = inspector.open()
    log_in_by_cookie(page, User.objects.get(username="gm"), live_server)
    for name, path, button in (
        ("campaign", "/campaigns/new/", "Create campaign"),
        ("session", "/sessions/new/", "Create session"),
    ):
        page.goto(path)
        page.get_by_label("Name").fill(" ")
        page.get_by_label("Description").fill("What was typed before")
        press(page, button)
        inspector.inspect(page, f"{name}-error")
    page.goto(paths["transcript-edit"])
    press(page, "Save the transcript")
    inspector.inspect(page, "transcript-error")
    for field in ("notes", "name"):  # first both tabs change the notes, then only the other tab
        page.goto(paths["session-edit"])
        Session.objects.filter(pk=session_key(paths)).update(notes=f"Another tab, {field}")
        page.get_by_label(field.capitalize()).fill("This tab")
        press(page, "Save")
        page.get_by_text("another tab").first.scroll_into_view_if_needed()
        inspector.inspect(page, f"session-two-tabs-{field}")
    page.goto("/accounts/password/")
    page.get_by_label("Old password").fill("wrong")
    page.get_by_label("New password", exact=True).fill("12345678")
    page.get_by_label("New password confirmation").fill("87654321")
    press(page, "Change password")
    inspector.inspect(page, "password-error")
    for name, path, button in (
        ("email", "/accounts/email/", "Save"),
        ("account-delete", "/accounts/delete/", "Delete account"),
    ):
        page.goto(path)
        page.get_by_label("Your password").fill("wrong")
        press(page, button)
        inspector.inspect(page, f"{name}-error")
    page.goto("/accounts/email/")
    page.get_by_label("Email").fill("gm@example.org")
    page.get_by_label("Your password").fill("gm")
    press(page, "Save")
    inspector.inspect(page, "account-email-sent")
    page.goto(link_in(str(mail.outbox[-1].body)))
    inspector.inspect(page, "email-confirm")
    assert inspector.problems == []


@in_each_window
def test_account_forms_with_errors(
    paths: dict[str, str], inspector: PageInspector, live_server: Any
) -> None:
    User.objects.filter(username="gm").update(email="gm@example.org")
    page = inspector.open()
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill("gm")
    page.get_by_label("Password", exact=True).fill("password")
    page.get_by_label("Password confirmation").fill("password")
    press(page, "Create account")
    inspector.inspect(page, "signup-error")
    page.goto("/accounts/login/")
    for number in range(FREE_ATTEMPTS + 1):
        page.get_by_label("Username").fill("gm")
        page.get_by_label("Password").fill("wrong")
        press(page, "Log in")
        expect(page.get_by_role("alert")).to_be_visible()
        if number in {0, FREE_ATTEMPTS}:
            inspector.inspect(page, "login-wait" if number else "login-error")
    for number in range(FREE_ATTEMPTS + 1):
        page.goto("/accounts/password/reset/")
        page.get_by_label("Email").fill("gm@example.org")
        press(page, "Send me a link")
        if number in {0, FREE_ATTEMPTS}:
            inspector.inspect(page, "password-reset-wait" if number else "password-reset-sent")
    page.goto(link_in(str(mail.outbox[0].body)))
    inspector.inspect(page, "password-choose")
    page.get_by_label("New password", exact=True).fill("12345678")
    page.get_by_label("New password confirmation").fill("87654321")
    press(page, "Set password")
    inspector.inspect(page, "password-choose-error")
    assert inspector.problems == []


@in_each_window
def test_the_pages_of_the_mirror(
    mirror: Stores,
    paths: dict[str, str],
    inspector: PageInspector,
    live_server: Any,
) -> None:
    worker.drain()
    session = Session.objects.get(pk=session_key(paths))
    set_attribute(mirror, item_of(mirror, session.pk), "notes", {"S": "Not what was written"})
    history.record(check.check(mirror))
    asked, _ = CheckRequest.objects.ask(deep=False)
    page = inspector.open()
    log_in_by_cookie(page, User.objects.create_superuser("admin"), live_server)
    for name, path in {
        "dashboard": "/admin/mirror/",
        "day": f"/admin/mirror/days/{timezone.localdate().isoformat()}/",
        "check": f"/admin/mirror/check/{asked.pk}/?still",
        "evidence": "/admin/mirror/evidence/",
        "runbook": "/admin/mirror/runbook/",
        "search": "/admin/mirror/search/?owner=gm&q=Fog",
        "compare": f"/admin/mirror/compare/sessions_app.session/{session.pk}/",
    }.items():
        page.goto(path)
        inspector.inspect(page, f"mirror-{name}")
    for table in ("ledgerentry", "checkrun"):
        page.goto(f"/admin/mirror/{table}/")
        inspector.photograph(page, f"mirror-{table}")
        assert not page.locator(".results").evaluate("e => e.scrollWidth > e.clientWidth")
    assert inspector.problems == []
