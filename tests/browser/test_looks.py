"""Every page in light and dark, on a phone and on a wide screen: axe finds nothing to mend.

The pictures are left in ``.local/screenshots`` for people to look at.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from playwright.sync_api import Page

from sessions_app import demo
from sessions_app.models import Session
from tests.browser.conftest import AXE, Open

SCREENSHOTS = settings.BASE_DIR / ".local" / "screenshots"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {390: 844, 1280: 860}


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
        "campaign-delete": f"{campaign}/delete/",
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


def log_in(page: Page, client: Client, user: User, server: Any) -> None:
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": str(server)}])


def problems(page: Page) -> list[str]:
    """What axe finds, in one line each."""
    # Run beside the page, as an extension would be: its policy allows no scripts of others.
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [
        f"{page.url} {rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def scrolls_sideways(page: Page) -> bool:
    wide: bool = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide


@pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not installed (make test does it, with npm)."
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page(
    paths: dict[str, str], open_page: Open, live_server: Any, scheme: str, width: int
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    size = {"width": width, "height": WIDTHS[width]}
    found: list[str] = []

    def look(page: Page, name: str, path: str) -> None:
        page.goto(path)
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=False)
        found.extend(problems(page))
        if scrolls_sideways(page):
            found.append(f"{path} scrolls sideways at {width} px")

    options = {"viewport": size, "color_scheme": scheme, "reduced_motion": "reduce"}
    inside = open_page(**options)
    log_in(inside, Client(), User.objects.get(username="gm"), live_server)
    for name, path in paths.items():
        look(inside, name, path)
    newcomer = open_page(**options)
    log_in(newcomer, Client(), User.objects.get(username="newcomer"), live_server)
    look(newcomer, "newcomer", "/")
    outside = open_page(**options)
    for name, path in OUTSIDE.items():
        look(outside, name, path)
    outside.goto("/accounts/signup/")
    outside.get_by_role("button", name="Make my account").click()
    assert found == []
