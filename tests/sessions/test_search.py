"""Search: what is found, in what order, and how it is shown."""

from __future__ import annotations

import random
import string

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from campaigns.models import Campaign
from sessions_app import search
from sessions_app.models import Session
from tests.conftest import Make

MEGABYTE = 1024 * 1024


def names(owner: User, query: str) -> list[str]:
    return [session.name for session in search.find(owner, query)]


def make(owner: User, name: str, description: str = "", transcript: str = "") -> Session:
    return Session.objects.create(
        owner=owner, name=name, description=description, transcript_text=transcript
    )


def test_a_name_counts_more_than_a_description_than_a_transcript(owner: User) -> None:
    make(owner, "Third", transcript="A dragon sleeps.")
    make(owner, "The dragon")
    make(owner, "Second", description="A dragon wakes.")
    make(owner, "Nothing")
    assert names(owner, "dragons") == ["The dragon", "Second", "Third"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lamp fog", ["Both"]),
        ("lamp or fog", ["Both", "Fog", "Lamp"]),
        ("lamp -fog", ["Lamp"]),
        ('"fog lamp"', ["Both"]),
        ('"lamp fog"', []),
        ("the", []),
        ("-", []),
        ('"', []),
        ("' & | ! ( ) : * <->", []),
        ("", []),
    ],
)
def test_web_search_syntax(owner: User, query: str, found: list[str]) -> None:
    make(owner, "Lamp")
    make(owner, "Fog")
    make(owner, "Both", transcript="A fog lamp.")
    assert sorted(names(owner, query)) == sorted(found)


def test_only_the_own_sessions_are_found(owner: User, make_user: Make, client: Client) -> None:
    make(make_user("other"), "dragon of another table")
    make(owner, "dragon of mine")
    client.force_login(owner)
    page = client.get("/search/?q=dragon").content.decode()
    assert "of mine" in page
    assert "another table" not in page


def test_every_writer_is_followed(owner: User) -> None:
    session = make(owner, "First")
    Session.objects.filter(pk=session.pk).update(transcript_text="kraken")
    assert names(owner, "kraken") == ["First"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sessions_app_session SET name = 'Leviathan', transcript_text = ''")
    assert names(owner, "kraken") == []
    assert names(owner, "leviathan") == ["Leviathan"]
    Session.objects.bulk_create([Session(owner=owner, name="Basilisk")])
    assert names(owner, "basilisk") == ["Basilisk"]


def words(count: int, alphabet: str, length: int) -> str:
    chance = random.Random(7)
    return " ".join("".join(chance.choices(alphabet, k=length)) for _ in range(count))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(words(700_000, string.ascii_lowercase, 7), id="distinct words"),
        pytest.param(words(700_000, "äöüßéèêñøåçłž", 6), id="two bytes a letter"),
        pytest.param("a-b-c." * 200_000, id="one long compound"),
        pytest.param("x" * 3 * MEGABYTE, id="one long word"),
        pytest.param("http://a.b/c/d?e " * 100_000, id="addresses"),
        pytest.param("<!-- " * 200_000, id="tags that never close"),
        pytest.param("&a" * 500_000, id="entities"),
    ],
)
def test_no_text_is_too_long_to_save_and_what_fits_is_found(owner: User, text: str) -> None:
    session = make(owner, "Long", transcript=f"kraken {text}")
    assert names(owner, "kraken") == ["Long"]
    Session.objects.filter(pk=session.pk).update(description=text)
    assert names(owner, "kraken long") == ["Long"]
    session.refresh_from_db()
    assert session.transcript_text == f"kraken {text}"


def test_matches_are_marked_and_everything_else_is_escaped(owner: User, client: Client) -> None:
    campaign = Campaign.objects.create(owner=owner, name="<i>Camp</i>")
    session = make(
        owner, "<b>dragon</b>", transcript="SAM: <script>dragon</script> & co, and more words"
    )
    session.campaign = campaign
    session.save()
    client.force_login(owner)
    page = client.get("/search/?q=dragon").content.decode()
    assert "&lt;b&gt;<mark>dragon</mark>&lt;/b&gt;" in page
    assert "script&gt;<mark>dragon</mark>&lt;/script&gt; &amp; co" in page
    assert "&lt;i&gt;Camp" in page
    for raw in ("<script>dragon", "<b>dragon", "<i>Camp"):
        assert raw not in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a \ue000b\ue001 c", "a <mark>b</mark> c"),
        ("a \ue000<\ue001", "a <mark>&lt;</mark>"),
        ("\ue001a\ue000", "a"),
        ("\ue000a\ue000b\ue001c\ue001", "<mark>ab</mark>c"),
    ],
)
def test_marks_that_stood_in_the_text_break_nothing(text: str, shown: str) -> None:
    assert search.mark(text) == shown


def test_pages_of_results(owner: User, client: Client) -> None:
    for number in range(12):
        make(owner, f"dragon {number}")
    client.force_login(owner)
    first = client.get("/search/?q=dragon").content.decode()
    assert "12 sessions found" in first
    assert "?q=dragon&amp;page=2" in first
    assert client.get("/search/?q=dragon&page=2").content.decode().count("<h2>") == 2


@pytest.mark.parametrize("query", ["%00", "a%00b", "%ed%a0%80", "x" * 5000, "%ee%80%80", "%ff"])
def test_odd_queries_are_answered(owner: User, client: Client, query: str) -> None:
    client.force_login(owner)
    assert client.get(f"/search/?q={query}").status_code == 200


def test_nothing_found_says_so(owner: User, client: Client) -> None:
    client.force_login(owner)
    assert "Nothing found" in client.get("/search/?q=dragon").content.decode()
