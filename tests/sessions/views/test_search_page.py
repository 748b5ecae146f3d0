from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app import search_times, search_words
from sessions_app.models import Session
from sessions_app.search_places import Place
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.pages import text_of
from tests.support.searching import hits_of
from tests.support.transcribe_files import as_file, audio_segment, job, session_with


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


def test_a_beginning_of_too_many_words_is_said_not_to_find_all(
    gm: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_words, "MAX_FORMS", 2)
    make_session(owner, transcript_text="MATT: kraal, krait, kraken, krakens.")
    assert "Too many words begin" in text_of(gm.get("/search/?q=the+or+kra"))
    for query in ("krak", '"kra"', "kra+matt", "-kra"):
        assert "Too many words begin" not in text_of(gm.get(f"/search/?q={query}"))


def places_of(owner: User, query: str) -> list[Place]:
    return [place for hit in hits_of(owner, query) for place in hit.places]


def open_place(gm: Client, place: Place) -> str:
    """Follow a link to a turn, and return the marked turn that it leads to."""
    address = gm.get(place.href)["Location"]
    path, _, anchor = address.partition("#")
    turn = re.search(f'<li id="{anchor}">.*?</li>', text_of(gm.get(path)), re.DOTALL)
    assert turn is not None
    return turn[0]


def test_a_place_in_a_field_names_it_and_leads_to_it(gm: Client, owner: User) -> None:
    session = make_session(
        owner,
        notes="A letter\n\nThe kraken’s letter",
        summary="The kraken rose.",
        speaker_names={"spk_0": "Kraken"},
    )
    places = places_of(owner, "kraken")
    base = session.get_absolute_url()
    assert {(place.label, place.href.removeprefix(base)) for place in places} == {
        ("Notes", "#notes"), ("Summary", "#summary"), ("Speakers", ""),
    }  # fmt: skip
    assert "The <mark>kraken</mark>’s letter" in {place.text for place in places}


def timed_session(owner: User, words: str = "A kraken rises.") -> Session:
    segments = [
        audio_segment("Good evening.", 0.0, 2.0, speaker_label="spk_0"),
        audio_segment("Rain, and more of it.", 60.0, 62.0, speaker_label="spk_1"),
        audio_segment(words, 3723.5, 3725.0, speaker_label="spk_0"),
    ]
    session = session_with(as_file(job(audio_segments=segments)), owner=owner, name="Evening")
    session.speaker_names = {"spk_0": "Élodie"}
    session.save()
    return session


def test_a_place_in_a_transcript_has_speaker_and_time_and_opens_there(
    gm: Client, owner: User
) -> None:
    timed_session(owner)
    page = text_of(gm.get("/search/?q=krakens"))
    assert re.search(r">1:02:03 Élodie</a> <bdi[^>]*>A <mark>kraken</mark> rises.<", page)
    (place,) = places_of(owner, "krakens")
    turn = open_place(gm, place)
    assert "A <mark>kraken</mark> rises." in turn
    assert "1:02:03" in turn


def test_a_phrase_opens_where_it_was_said_not_where_its_words_are_apart(
    gm: Client, owner: User
) -> None:
    apart = f"MATT: so I know, and I can wait {'a while ' * 80}\n"
    make_session(owner, transcript_text=apart * 6 + "LAURA: And so I can.\n")
    (place,) = places_of(owner, '"so I can"')
    assert place.label == "LAURA"
    assert "And <mark>so I can</mark>." in open_place(gm, place)


def test_times_are_read_once_and_anew_when_the_session_changes(
    transactional_db: None, owner: User
) -> None:
    session = timed_session(owner)
    assert [place.seconds for place in places_of(owner, "kraken")] == [3723.5]
    with CaptureQueriesContext(connection) as queries:
        assert [place.seconds for place in places_of(owner, "kraken")] == [3723.5]
    assert not [query for query in queries if '"transcript_text"' in query["sql"]]
    assert session.transcript_json is not None
    session.transcript_json["results"]["audio_segments"][2] |= {
        "start_time": "70",
        "end_time": "71",
    }
    Session.objects.filter(pk=session.pk).update(transcript_json=session.transcript_json)
    assert [place.seconds for place in places_of(owner, "kraken")] == [70.0]


def test_a_page_reads_only_so_much_for_its_times(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed_session(owner)
    timed_session(owner)
    monkeypatch.setattr(search_times, "MAX_BYTES_READ", 0)
    known = [[place.seconds is not None for place in places_of(owner, "kraken")] for _ in range(2)]
    assert (sorted(known[0]), known[1]) == ([False, True], [True, True])


@pytest.mark.parametrize("count", [1, 12])
def test_the_number_of_queries_does_not_grow_with_places_and_times(
    gm: Client, owner: User, count: int
) -> None:
    for number in range(count):
        timed_session(owner, f"kraken {number} and lamp")
        make_session(owner, name="Plain", transcript_text="MATT: a kraken by a lamp\n")
    for expected in (10, 9):
        with CaptureQueriesContext(connection) as queries:
            gm.get("/search/?q=kraken+lamp+-dragon+%22a+kraken%22+or+and")
        assert len(queries) == expected
    cache.clear()


PLAIN = """The evening of the lamps

MATT: You come to a door.
It is made of iron.

Behind it: a kraken.
LAURA:
I listen at the kraken.
MATT: It sleeps.
"""


@pytest.mark.parametrize(
    ("query", "speaker", "text"),
    [
        ("evening lamps", "", "The <mark>evening</mark> of the <mark>lamps</mark>"),
        ("iron", "MATT", "It is made of <mark>iron</mark>."),
        ('"a kraken"', "MATT", "Behind it: <mark>a kraken</mark>."),
        ("listen kraken", "LAURA", "I <mark>listen</mark> at the <mark>kraken</mark>."),
        ("sleeps", "MATT", "It <mark>sleeps</mark>."),
        ('"iron behind"', "MATT", "It is made of iron."),
    ],
)
def test_a_line_of_a_plain_transcript_leads_to_its_turn(
    gm: Client, owner: User, query: str, speaker: str, text: str
) -> None:
    make_session(owner, transcript_text=PLAIN)
    (place,) = places_of(owner, query)
    assert (place.label, place.text) == (speaker, text)
    assert text in open_place(gm, place)


@pytest.mark.parametrize("line", ["0", "99", "x", "-1", "٣", "9" * 30])
def test_a_line_that_is_not_there_is_no_error(gm: Client, owner: User, line: str) -> None:
    session = make_session(owner, transcript_text=PLAIN)
    path = f"/sessions/{session.pk}/transcript/"
    assert gm.get(path, {"q": "iron", "line": line}, follow=True).status_code == 200


def test_a_long_line_is_one_place(owner: User) -> None:
    make_session(owner, notes=f"{'rain ' * 99}kraken kraken {'rain ' * 99}")
    (place,) = places_of(owner, '"kraken kraken"')
    assert "kraken kraken</mark>" in place.text


def test_a_long_line_is_shown_around_the_match(owner: User) -> None:
    make_session(owner, notes=f"{'rain ' * 70}kraken {'rain ' * 70}")
    (place,) = places_of(owner, "kraken")
    assert re.fullmatch(r"… (rain )+<mark>kraken</mark>( rain)+ …", place.text)
    assert len(place.text) < 350


def test_whoever_says_a_long_line_is_named_wherever_it_is_found(owner: User) -> None:
    long = f"MATT: {'rain ' * 400}kraken"
    make_session(owner, transcript_text=f"LAURA: Yes.\n{long}\n", speaker_names={"MATT": "Keeper"})
    (place,) = places_of(owner, "kraken")
    assert place.label == "Keeper"


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("-Nott", "only words to leave out"),
        ("%26", "type a word"),
        ("%22", "type a word"),
        ("xyzzy", "Nothing found"),
    ],
)
def test_a_query_without_results_is_answered_with_advice(
    gm: Client, owner: User, query: str, hint: str
) -> None:
    make_session(owner, name="Nott")
    assert hint in text_of(gm.get(f"/search/?q={query}"))
