"""Every page in light and dark, on a phone and on a wide screen: axe finds nothing to mend.

The pictures are left in ``.local/screenshots`` for people to look at.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from playwright.sync_api import Page

from sessions_app import demo
from sessions_app.models import Session
from tests.browser.conftest import Open
from tests.browser.looking import Eyes, every_look, log_in


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
