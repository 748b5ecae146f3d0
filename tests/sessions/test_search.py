from __future__ import annotations

import random
import string
import unicodedata
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from campaigns.models import Language
from sessions_app import search, search_words
from sessions_app.models import Session
from sessions_app.search_words import DICTIONARIES
from tests.support import real_sessions
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.searching import found_names, hits_of

MEGABYTE = 1024 * 1024


def test_names_come_first_then_passages_with_all_words_then_the_newest(owner: User) -> None:
    far = f"A dragon sleeps.\n{'Rain. ' * 300}\nThe lamp is out."
    make_session(owner, name="The dragon and the lamp")
    make_session(owner, name="Passage", transcript_text="SAM: A lamp for the dragon.")
    make_session(owner, name="Older", transcript_text=far)
    make_session(owner, name="Newer", transcript_text=far, notes="Nothing")
    make_session(owner, name="Only a lamp")
    assert found_names(owner, "dragons lamp") == [
        "The dragon and the lamp", "Passage", "Newer", "Older",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("lamp fog", ["Both"]),
        ("lamp or fog", ["Both", "Fog", "Lamp"]),
        ("signal lamp OR fog", ["Both"]),
        ("or lamp", []),
        ("lamp or", ["Both", "Lamp"]),
        ("lamp -fog", ["Lamp"]),
        ('lamp -"fog lamp"', ["Lamp"]),
        ('"fog lamp"', ["Both"]),
        ('"lamp fog"', []),
        ('"fog lamp', ["Both"]),
        ('"fog lam', ["Both"]),
        ("„fog lamp“", ["Both"]),
        ("fog-lamp", ["Both"]),
        ('"fogs lamp"', []),
        ("fogs", ["Both", "Fog"]),
        ("the", []),
        ("-", []),
        ("-fog", []),
        ('"', []),
        ('""', []),
        ("' & | ! ( ) : * <->", []),
        ("\\'", []),
        ("", []),
    ],
)
def test_a_query_has_words_phrases_alternatives_and_exclusions(
    owner: User, query: str, found: list[str]
) -> None:
    make_session(owner, name="Lamp")
    make_session(owner, name="Fog")
    make_session(owner, name="Both", transcript_text="SAM: A signal.\nLIAM: Fog lamp ahead.")
    assert sorted(found_names(owner, query)) == sorted(found)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Will and Don hide.", "Will"),
        ("Will and Don hide.", "Don"),
        ("To be, or not to be", '"or not to be"'),
        ("Nott’s crossbow", "Nott"),
        ("Élodie waits", "elodie"),
        ("Elodie waits", "Élodie"),
        ("Müller waits", "Muller"),
        (unicodedata.normalize("NFD", "Müller waits"), unicodedata.normalize("NFC", "müller")),
        (unicodedata.normalize("NFC", "Müller waits"), unicodedata.normalize("NFD", "Müller")),
        ("Straße", "strasse"),
        ("Ærøskøbing", "aeroskobing"),
        ("ДРАКОН спит", "дракон"),
        ("l’homme au masque", "homme"),
        ("They don't know", '"don’t know"'),
        ("kestrel", "kest"),
        ("The year 1492", "1492"),
    ],
)
def test_neither_case_accents_nor_stop_words_matter(owner: User, text: str, query: str) -> None:
    make_session(owner, name="Evening", transcript_text=f"MATT: {text}")
    assert found_names(owner, query) == ["Evening"]
    assert "<mark>" in hits_of(owner, query)[0].places[0].text


def test_a_place_in_the_notes_shows_no_markdown(owner: User) -> None:
    make_session(owner, notes="## Plans\n\n- The **dark** [wood](https://example.com) & *more*")
    (hit,) = hits_of(owner, '"dark wood"')
    assert [place.text for place in hit.places] == ["The <mark>dark wood</mark> &amp; more"]


def test_the_name_don_is_not_in_do_not(owner: User) -> None:
    make_session(owner, name="Evening", transcript_text="MATT: I don't, and I don’t.")
    assert found_names(owner, '"Don"') == []


def test_the_last_word_as_it_was_typed_comes_before_words_that_it_begins(owner: User) -> None:
    make_session(owner, name="A willow")
    make_session(owner, name="Evening", notes="Will is late.")
    make_session(owner, name="A willow again")
    assert found_names(owner, "will") == ["Evening", "A willow again", "A willow"]
    assert found_names(owner, '"will"') == ["Evening"]
    assert found_names(owner, "wi") == []


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        ("", "two dragons", "dragon"),
        ("en", "she was hiding", "hide"),
        ("de", "viele Häuser", "Haus"),
        ("de", "ein Haus", "Häuser"),
        ("fr", "des chevaliers", "chevalier"),
        ("fr", "ils mangeaient", "manger"),
        ("es", "las canciones", "canción"),
        ("es", "dragones", "dragon"),
    ],
)
def test_the_forms_of_a_word_are_found_in_the_language_of_a_campaign(
    owner: User, language: str, text: str, query: str
) -> None:
    campaign = make_campaign(owner, language=language)
    make_session(owner, campaign, "Evening", transcript_text=f"MATT: {text}")
    assert found_names(owner, f"{query} matt") == ["Evening"]


def test_a_campaign_whose_language_changes_is_searched_in_it_at_once(owner: User) -> None:
    campaign = make_campaign(owner)
    make_session(owner, campaign, "Evening", transcript_text="MATT: viele Häuser")
    assert found_names(owner, "haus matt") == []
    campaign.language = Language.GERMAN
    campaign.save()
    assert found_names(owner, "haus matt") == ["Evening"]


def test_each_language_of_a_campaign_has_a_dictionary() -> None:
    assert set(DICTIONARIES) == {value for value in Language.values if value}


def test_only_the_sessions_and_words_of_the_owner_are_found(owner: User) -> None:
    make_session(make_user("other"), name="dragon of another table", notes="dragonflies")
    make_session(owner, name="dragon of mine")
    assert found_names(owner, "dragon") == ["dragon of mine"]
    assert found_names(owner, '"dragon of"') == ["dragon of mine"]
    assert found_names(owner, "dragonf") == []


@pytest.fixture
def everything_is_common(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words in more than two passages are as common as "of the" in a thousand evenings."""
    monkeypatch.setattr(search, "COMMON", 2)


COMMON_LINE = f"MATT: The edge of the wood, one of the oldest. {'Rain falls. ' * 60}\n"


@pytest.mark.usefixtures("everything_is_common")
@pytest.mark.parametrize(
    "query", ['"of the"', '"one of the oldest"', '"one of the old', '"of the" rain', "edge falls"]
)
def test_what_is_common_is_found_in_every_evening_the_newest_first(owner: User, query: str) -> None:
    for number in range(4):
        make_session(owner, name=f"Evening {number}", transcript_text=COMMON_LINE * 3)
    make_session(owner, name="Apart", notes="Rain of one", transcript_text="LIAM: Of the one.")
    newest_first = [f"Evening {number}" for number in (3, 2, 1, 0)]
    with_apart = ["Apart"] if query.startswith('"of the"') else []
    assert found_names(owner, query) == with_apart + newest_first


@pytest.mark.usefixtures("everything_is_common")
@pytest.mark.parametrize("phrase", ["of the", "one of the oldest"])
def test_every_evening_with_a_common_phrase_is_left_out(owner: User, phrase: str) -> None:
    make_session(owner, name="Apart", transcript_text="LIAM: One of those in the rain.")
    for _ in range(4):
        make_session(owner, transcript_text=COMMON_LINE * 3)
    assert found_names(owner, f'rain -"{phrase}"') == ["Apart"]


def random_words(count: int, alphabet: str, length: int) -> str:
    letter = {byte: alphabet[byte % len(alphabet)] for byte in range(256)}
    letters = random.Random(7).randbytes(count * length).decode("latin-1").translate(letter)
    return " ".join([letters[start : start + length] for start in range(0, len(letters), length)])


@pytest.mark.parametrize(
    "make_text",
    [
        pytest.param(lambda: random_words(700_000, string.ascii_lowercase, 7), id="distinct words"),
        pytest.param(lambda: random_words(700_000, "äöüßéèêñøåçłž", 6), id="two bytes a letter"),
        pytest.param(lambda: "a-b-c." * 200_000, id="one long compound"),
        pytest.param(lambda: "x" * 3 * MEGABYTE, id="one long word"),
        pytest.param(lambda: "http://a.b/c/d?e " * 100_000, id="addresses"),
        pytest.param(lambda: "<!-- " * 200_000, id="tags that are never closed"),
        pytest.param(lambda: "&a" * 500_000, id="entities"),
    ],
)
def test_a_text_too_large_for_the_index_is_saved_and_its_beginning_found(
    owner: User, make_text: Callable[[], str]
) -> None:
    text = make_text()  # not while tests are collected, by every worker
    session = make_session(owner, name="Long", transcript_text=f"kraken {text}")
    assert found_names(owner, "kraken") == ["Long"]
    Session.objects.filter(pk=session.pk).update(description=text)
    assert found_names(owner, "kraken long") == ["Long"]
    session.refresh_from_db()
    assert session.transcript_text == f"kraken {text}"


@pytest.fixture(scope="module")
def evenings() -> list[str]:
    """The longest real evenings."""
    texts = ["".join(lines) for lines in real_sessions.sessions().values()]
    return sorted(texts, key=len)[-3:]


@real_sessions.needs_sessions
def test_phrases_of_each_quarter_of_a_real_evening_are_found(
    owner: User, evenings: list[str]
) -> None:
    chance = random.Random(11)
    for number, text in enumerate(evenings):
        make_session(owner, name=f"Evening {number}", transcript_text=text)
        words = text.split()
        quarter = len(words) // 4
        for part in range(4):
            for _ in range(25):
                start = chance.randrange(part * quarter, (part + 1) * quarter - 3)
                phrase = " ".join(words[start : start + 3]).replace('"', " ")
                assert f"Evening {number}" in found_names(owner, f'"{phrase}"'), phrase


@pytest.mark.parametrize("query", ["{}", '"old {}"', '"the old {}"', '"old {} sleeps"'])
def test_a_word_that_is_longer_than_its_key_is_found_and_marked(owner: User, query: str) -> None:
    word = "x" * 70
    make_session(owner, notes=f"The old {word} sleeps.")
    (hit,) = hits_of(owner, query.format(word))
    (place,) = hit.places
    assert word in place.text.partition("<mark>")[2]


def test_each_place_has_a_mark_if_too_many_words_begin_like_the_last_one(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_words, "MAX_FORMS", 1)
    make_session(owner, notes="A dragon.", summary="The draft.")
    (hit,) = hits_of(owner, "dra")
    assert [place.text for place in hit.places] == [
        "A <mark>dragon</mark>.",
        "The <mark>draft</mark>.",
    ]
