from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.factories import make_campaign, make_session, make_user
from tests.support.pages import text_of


def test_only_the_own_sessions_are_shown(gm: Client, owner: User) -> None:
    make_session(make_user("other"), name="dragon of another table")
    make_session(owner, name="dragon of mine")
    page = text_of(gm.get("/search/?q=dragon"))
    assert "of mine" in page
    assert "another table" not in page


def test_matches_are_highlighted_and_everything_else_is_escaped(gm: Client, owner: User) -> None:
    make_session(
        owner,
        make_campaign(owner, "<i>Camp</i>"),
        name="<b>dragon</b>",
        transcript_text="SAM: <script>dragon</script> & co, and more words",
    )
    page = text_of(gm.get("/search/?q=dragon"))
    assert "&lt;b&gt;<mark>dragon</mark>&lt;/b&gt;" in page
    assert "script&gt;<mark>dragon</mark>&lt;/script&gt; &amp; co" in page
    assert "&lt;i&gt;Camp" in page
    for raw in ("<script>dragon", "<b>dragon", "<i>Camp"):
        assert raw not in page


def test_many_results_are_divided_into_pages(gm: Client, owner: User) -> None:
    for number in range(12):
        make_session(owner, name=f"dragon {number}")
    first = text_of(gm.get("/search/?q=dragon"))
    assert "12 sessions found" in first
    assert "?q=dragon&amp;page=2" in first
    assert text_of(gm.get("/search/?q=dragon&page=2")).count("<h2>") == 2


@pytest.mark.parametrize("query", ["%00", "a%00b", "%ed%a0%80", "x" * 5000, "%ee%80%80", "%ff"])
def test_a_query_of_invalid_characters_is_answered(gm: Client, query: str) -> None:
    assert gm.get(f"/search/?q={query}").status_code == 200


def test_a_query_that_finds_nothing_is_answered_with_a_hint(gm: Client) -> None:
    assert "Nothing found" in text_of(gm.get("/search/?q=dragon"))
