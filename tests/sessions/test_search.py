from __future__ import annotations

import random
import string

import pytest
from django.contrib.auth.models import User

from sessions_app import search
from sessions_app.models import Session
from tests.support.factories import make_session, make_user

MEGABYTE = 1024 * 1024


def found_names(owner: User, query: str) -> list[str]:
    return [session.name for session in search.find_sessions(owner, query)]


def test_a_name_ranks_above_a_description_and_that_above_a_transcript(owner: User) -> None:
    make_session(owner, name="Third", transcript_text="A dragon sleeps.")
    make_session(owner, name="The dragon")
    make_session(owner, name="Second", description="A dragon wakes.")
    make_session(owner, name="Nothing")
    assert found_names(owner, "dragons") == ["The dragon", "Second", "Third"]


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
def test_a_query_has_web_search_syntax(owner: User, query: str, found: list[str]) -> None:
    make_session(owner, name="Lamp")
    make_session(owner, name="Fog")
    make_session(owner, name="Both", transcript_text="A fog lamp.")
    assert sorted(found_names(owner, query)) == sorted(found)


def test_only_the_sessions_of_the_owner_are_found(owner: User) -> None:
    make_session(make_user("other"), name="dragon of another table")
    make_session(owner, name="dragon of mine")
    assert found_names(owner, "dragon") == ["dragon of mine"]


def random_words(count: int, alphabet: str, length: int) -> str:
    chance = random.Random(7)
    return " ".join("".join(chance.choices(alphabet, k=length)) for _ in range(count))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(random_words(700_000, string.ascii_lowercase, 7), id="distinct words"),
        pytest.param(random_words(700_000, "äöüßéèêñøåçłž", 6), id="two bytes a letter"),
        pytest.param("a-b-c." * 200_000, id="one long compound"),
        pytest.param("x" * 3 * MEGABYTE, id="one long word"),
        pytest.param("http://a.b/c/d?e " * 100_000, id="addresses"),
        pytest.param("<!-- " * 200_000, id="tags that are never closed"),
        pytest.param("&a" * 500_000, id="entities"),
    ],
)
def test_a_text_too_large_for_the_index_is_saved_and_its_beginning_found(
    owner: User, text: str
) -> None:
    session = make_session(owner, name="Long", transcript_text=f"kraken {text}")
    assert found_names(owner, "kraken") == ["Long"]
    Session.objects.filter(pk=session.pk).update(description=text)
    assert found_names(owner, "kraken long") == ["Long"]
    session.refresh_from_db()
    assert session.transcript_text == f"kraken {text}"


@pytest.mark.parametrize(
    ("headline", "html"),
    [
        ("a \ue000b\ue001 c", "a <mark>b</mark> c"),
        ("a \ue000<\ue001", "a <mark>&lt;</mark>"),
        ("\ue001a\ue000", "a"),
        ("\ue000a\ue000b\ue001c\ue001", "<mark>ab</mark>c"),
    ],
)
def test_private_characters_in_a_text_cause_no_invalid_html(headline: str, html: str) -> None:
    assert search.to_html(headline) == html
