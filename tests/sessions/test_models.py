"""The day of play: what it is, and that it orders and dates sessions everywhere."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Campaign
from sessions_app.exports import archive_campaign, export
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session
from tests.support.pages import text_of

NEWEST_FIRST = ["third", "second", "first"]


@pytest.fixture
def campaign(owner: User) -> Campaign:
    """Four evenings. The last but one has no day of play; the others were written down late."""
    campaign = make_campaign(owner)
    for name, day in (("second", date(2026, 2, 9)), ("first", date(2026, 2, 2)), ("none", None),
                      ("third", date(2026, 2, 16))):  # fmt: skip
        make_session(owner, campaign, name, played_on=day, player_recap="r", share_token=name)
    Session.objects.update(created_at=datetime(2026, 2, 12, 23, 59, tzinfo=UTC))
    return campaign


def names_on(page: str) -> list[str]:
    return re.findall(r"<(?:bdi|a href=\"/sessions/[^>]*)>(first|second|third|none)<", page)


def test_the_day_is_that_of_play_or_else_of_creation_in_utc() -> None:
    late = datetime.fromisoformat("2026-02-12T23:30:00-05:00")
    assert Session(created_at=late).day == date(2026, 2, 13)
    assert Session(created_at=late, played_on=date(2026, 2, 12)).day == date(2026, 2, 12)


def test_sessions_of_one_day_are_ordered_by_their_creation(owner: User) -> None:
    for name in ("a", "b"):
        make_session(owner, name=name, played_on=date(2026, 2, 2))
    assert [session.name for session in Session.objects.all()] == ["b", "a"]


def test_the_pages_list_sessions_by_day_and_show_it(gm: Client, campaign: Campaign) -> None:
    page = text_of(gm.get(campaign.get_absolute_url()))
    assert names_on(page) == ["third", "none", "second", "first"]
    days = re.findall(r'<time datetime="(.*?)">', page)
    assert days == ["2026-02-16", "2026-02-12", "2026-02-09", "2026-02-02"]
    assert names_on(text_of(gm.get("/"))) == ["third", "none", "second"]
    Session.objects.update(campaign=None)
    assert names_on(text_of(gm.get("/"))) == ["third", "none", "second", "first"]


def test_a_session_shows_its_day(gm: Client, campaign: Campaign) -> None:
    session = campaign.sessions.get(name="second")
    for path in (session.get_absolute_url(), session.get_share_url(), "/search/?q=second"):
        assert 'datetime="2026-02-09"' in text_of(gm.get(path)), path


def test_exports_have_the_day_and_archives_its_order(campaign: Campaign) -> None:
    content = b"".join(archive_campaign(campaign).chunks)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        order = re.findall(r"/(\w+)\.md", "\n".join(packed.namelist()))
    assert order == ["first", "second", "none", "third"]
    for extension in ("md", "txt"):
        exported = export(campaign.sessions.get(name="second"), extension).content.decode()
        assert "The Lamps, 2026-02-09" in exported.replace("\\", "")


def test_a_day_is_set_changed_and_removed_in_the_form(gm: Client, owner: User) -> None:
    gm.post("/sessions/new/", {"name": "S", "played_on": "2026-02-09"})
    session = Session.objects.get()
    assert session.played_on == date(2026, 2, 9)
    path = f"{session.get_absolute_url()}edit/"
    assert 'type="date" name="played_on" value="2026-02-09"' in re.sub(
        r" +", " ", text_of(gm.get(path))
    )
    answer = gm.post(path, {"played_on": "last Monday"})
    assert "Write the date as 2026-11-27." in text_of(answer)
    gm.post(path, {"played_on": ""})
    session.refresh_from_db()
    assert session.played_on is None
