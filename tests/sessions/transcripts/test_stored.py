import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.models import Session
from sessions_app.transcripts import (
    TRANSCRIPT_FIELDS,
    Segment,
    Turn,
    cues,
    measure_again,
    put_transcript,
    read_transcript,
    remove_transcript,
    turns,
)
from sessions_app.transcripts.merge import LONGEST_TURN, PAUSE, merged
from sessions_app.transcripts.plain_text import segments, split_name
from tests.support import real_sessions
from tests.support.transcribe_files import EVENING, as_file, audio_segment, job, refusal, word


def session_of(data: bytes | str, **fields: Any) -> Session:
    session = Session(**fields)
    put_transcript(session, read_transcript(data.encode() if isinstance(data, str) else data))
    return session


def test_put_transcript_fills_all_its_fields_and_no_others() -> None:
    session, untouched = session_of(as_file(EVENING)), Session()
    changed = {
        field.name
        for field in Session._meta.concrete_fields
        if getattr(session, field.attname) != getattr(untouched, field.attname)
    }
    assert changed - {"id"} == set(TRANSCRIPT_FIELDS) - {"speaker_names"}
    assert session.transcript_text == "spk_0: Who goes there?\nspk_1: It's me. Open up!\n"
    assert session.transcript_json == EVENING
    assert session.metrics == read_transcript(as_file(EVENING)).metrics
    assert session.speaker_names is None


def test_a_text_has_no_json_and_replaces_one() -> None:
    session = session_of(as_file(EVENING))
    put_transcript(session, read_transcript(b"RUTH: Hello."))
    assert session.transcript_json is None
    assert session.metrics == {"totalWordCount": 1, "speakerDistribution": {"RUTH": {"words": 1}}}


def test_remove_transcript() -> None:
    session = session_of(as_file(EVENING), speaker_names={"spk_0": "Ruth"}, notes="Mine.")
    remove_transcript(session)
    assert not session.has_transcript
    assert (session.metrics, session.speaker_names, session.notes) == (None, None, "Mine.")


def test_names_stay_with_those_who_still_speak() -> None:
    names = {"RUTH": "Ruth the Wise", "BEA": "Bea", "spk_0": "Nils"}
    session = session_of("RUTH: Hello.\nspk_0: Hm.\n", speaker_names=names)
    assert session.speaker_names == {"RUTH": "Ruth the Wise", "spk_0": "Nils"}
    # In another recording the first to speak is somebody else.
    put_transcript(session, read_transcript(as_file(EVENING)))
    assert session.speaker_names is None
    webvtt = b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v RUTH>Hello."
    assert session_of(webvtt, speaker_names=names).speaker_names == {"RUTH": "Ruth the Wise"}


def test_turns_come_from_the_json_with_names_and_times() -> None:
    session = session_of(as_file(EVENING))
    session.transcript_text = "somebody edited this"
    session.speaker_names = {"spk_1": "Bea", "spk_0": ""}
    assert turns(session) == [
        Turn("spk_0", "spk_0", 0.5, 2.0, "Who goes there?"),
        Turn("spk_1", "Bea", 2.25, 4.5, "It's me. Open up!"),
    ]
    assert cues(session)[1:] == [
        Turn("spk_1", "Bea", 2.25, 3.0, "It's me."),
        Turn("spk_1", "Bea", 3.5, 4.5, "Open up!"),
    ]


@pytest.mark.parametrize("document", [{}, [], 7, {"turns": []}, job(items=[7]), job(items=[])])
def test_json_of_another_form_gives_way_to_the_text(document: Any) -> None:
    session = Session(transcript_text="RUTH: Hello.", transcript_json=document)
    assert turns(session) == [Turn("RUTH", "RUTH", None, None, "Hello.")]


def test_no_transcript_no_turns() -> None:
    assert turns(Session()) == []


def test_turns_of_a_text_are_its_paragraphs() -> None:
    text = (
        "\nThursday.\nThey met.\n\nRUTH: You come\n to a door: it is shut.\n\n(A pause.)\n"
        "BEA:\nI knock.\nRUTH:\nBEA: Twice.\n"
    )
    session = session_of(text, speaker_names={"BEA": "Bea"})
    assert [turn[:2] + turn[4:] for turn in turns(session)] == [
        (None, None, "Thursday."),
        (None, None, "They met."),
        ("RUTH", "RUTH", "You come\nto a door: it is shut."),
        ("RUTH", "RUTH", "(A pause.)"),
        ("BEA", "Bea", "I knock."),
        ("BEA", "Bea", "Twice."),
    ]


def test_a_list_of_many_names_is_no_conversation() -> None:
    text = "\n".join(f"Word{number}: meaning" for number in range(200))
    assert len(read_transcript(text.encode()).speakers) == 200
    more = read_transcript(f"{text}\nWord200: meaning".encode())
    assert more.speakers == []
    assert more.metrics["totalWordCount"] == 402


def test_measuring_what_somebody_else_wrote() -> None:
    session = Session(transcript_text="RUTH: One two.", metrics={"totalWordCount": 7})
    measure_again(session)
    assert session.metrics == {"totalWordCount": 2, "speakerDistribution": {"RUTH": {"words": 2}}}
    session.transcript_json = EVENING
    measure_again(session)
    assert session.metrics == read_transcript(as_file(EVENING)).metrics
    session.transcript_text, session.transcript_json = "", None
    measure_again(session)
    assert session.metrics is None


@pytest.mark.django_db
def test_the_admin_counts_an_edited_transcript(admin_client: Client, owner: User) -> None:
    session = session_of("RUTH: Hello.", owner=owner, name="Fog")
    session.save()
    form = {
        "name": "Fog", "owner": owner.pk, "speaker_names": "null", "transcript_json": "null",
        "metrics": json.dumps(session.metrics), "transcript_text": "RUTH: One two three.",
    }  # fmt: skip
    address = f"/admin/sessions_app/session/{session.pk}/change/"
    assert admin_client.post(address, form).status_code == 302
    session.refresh_from_db()
    assert session.metrics == read_transcript(b"RUTH: One two three.").metrics
    form |= {"transcript_text": "RUTH: One.", "metrics": '{"totalWordCount": 99}'}
    assert admin_client.post(address, form).status_code == 302
    session.refresh_from_db()
    assert session.metrics == {"totalWordCount": 99}


# What takes odd time with these takes hours, and the suite's own limit ends it.
@pytest.mark.parametrize(
    ("content", "ending", "words"),
    [
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v " * 3_000_000, "vtt", 3_000_000),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n<v" + " " * 9_000_000, "vtt", 1),
        ("WEBVTT\n\n" + "00:01.000 --> 00:02.000\nRUTH: word\n\n" * 50_000, "vtt", 50_000),
        ("\n" * 5_000_000 + "1\n00:00:01,000 --> 00:00:02,000\nHello", "srt", 1),
        ("1\n00:00:01,000 --> 00:00:02,000\n" + "{\\" * 4_000_000, "srt", 0),
    ],
    ids=["tags", "spaces", "one moment", "empty lines", "braces"],
)
def test_odd_content_takes_no_odd_time(content: str, ending: str, words: int) -> None:
    found = read_transcript(content.encode(), f"log.{ending}")
    assert found.metrics["totalWordCount"] == words


def test_the_place_of_what_is_wrong_is_found_without_odd_time() -> None:
    wide = "[" + '"",' * 1_000_000 + '"\\u0000"]'
    message = refusal(('{"a":' * 400 + wide + "}" * 400).encode(), "log.json")
    assert message == (
        f"log.json cannot be kept because of ${'.*' * 400}[1000000]: "
        "null characters are not allowed."
    )


@pytest.mark.parametrize("names", [["spk_0"], 7, {"spk_0": 7, "spk_1": None}])
def test_names_of_another_form_name_nobody(names: Any) -> None:
    session = session_of(as_file(EVENING))
    session.speaker_names = names
    assert [turn.speaker_name for turn in turns(session)] == ["spk_0", "spk_1"]
    put_transcript(session, read_transcript(b"spk_0: Hm."))
    assert session.speaker_names is None


def test_a_turn_ends_at_a_pause_and_after_a_minute() -> None:
    breath = [Segment("a", "x", 10.0 * n, 10.0 * (n + 1)) for n in range(7)]
    assert [(t.start, t.end) for t in merged(breath)] == [(0, LONGEST_TURN), (60, 70)]
    after_pause = Segment("a", "y", 10 + PAUSE + 0.1, 13.0)
    assert merged([breath[0], after_pause]) == [breath[0], after_pause]
    just_in_time = Segment("a", "y", 10 + PAUSE, 13.0)
    assert merged([breath[0], just_in_time]) == [Segment("a", "x y", 0, 13.0)]
    overlapping = Segment("a", "y", 2.0, 3.0)
    assert merged([breath[0], overlapping]) == [Segment("a", "x y", 0, 10)]


timed = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.floats(0, 4), st.floats(0, 40)), max_size=20
)


@given(timed)
def test_merging_again_changes_nothing(spans: list[tuple[str | None, float, float]]) -> None:
    found, moment = [], 0.0
    for number, (label, pause, length) in enumerate(spans):
        start = moment + pause
        moment = start + length
        found.append(Segment(label, f"w{number}", start, moment))
    once = merged(found)
    assert merged(once) == once
    assert " ".join(t.text for t in once).split() == [s.text for s in found]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_no_word_of_a_text_is_lost(text: str) -> None:
    words = [word for line in text.split("\n") for word in split_name(line)[1].split()]
    assert [word for segment in segments(text) for word in segment.text.split()] == words


@given(st.lists(st.tuples(st.sampled_from(["RUTH", "BEA"]), st.lists(st.sampled_from("abc")))))
def test_words_and_names_of_a_conversation(said: list[tuple[str, list[str]]]) -> None:
    text = "\n".join(f"{name}: {' '.join(words)}" for name, words in said)
    assert [(s.label, s.text.split()) for s in segments(text)] == [
        (name, words) for name, words in said if words
    ]


@given(st.binary(max_size=200), st.sampled_from(["", ".txt", ".json", ".vtt", ".srt", ".pdf"]))
def test_any_bytes_are_read_or_refused(data: bytes, ending: str) -> None:
    message = refusal(data, f"log{ending}")
    assert message is None or message.startswith("log")


@real_sessions.needs_sessions
def test_a_real_session_has_a_turn_for_each_turn() -> None:
    episode = max(real_sessions.sessions().values(), key=lambda lines: sum(map(len, lines)))
    text = "".join(episode)
    session = session_of(text)
    found = turns(session)
    assert len(text) > 250_000
    assert len(found) == len(episode)


def test_an_evening_of_single_words_makes_turns_of_them() -> None:
    items = [word(f"word{n}", n / 2, speaker_label=f"spk_{n // 20 % 5}") for n in range(50_000)]
    session = Session(transcript_json=job(items=items))
    found = turns(session)
    assert len(found) == 2_500


def test_own_export_is_read_again() -> None:
    document = {
        "format": "tabletop-session",
        "transcript_text": "as it was",
        "transcript_json": EVENING,
        "speaker_names": {"spk_0": "Ruth"},
        "metrics": {"totalWordCount": -1},
    }
    transcript = read_transcript(as_file(document), "evening.json")
    assert (transcript.text, transcript.json) == ("as it was", EVENING)
    assert transcript.speaker_names == {"spk_0": "Ruth"}
    assert transcript.metrics["totalWordCount"] == 7
    session = session_of(as_file(document), speaker_names={"spk_1": "Old"})
    assert session.speaker_names == {"spk_0": "Ruth"}

    text_only = document | {"transcript_json": None, "transcript_text": "RUTH: Hello."}
    transcript = read_transcript(as_file(text_only), "evening.json")
    assert (transcript.text, transcript.json) == ("RUTH: Hello.", None)
    assert transcript.speakers == ["RUTH"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "is a session without a transcript."),
        ({"transcript_text": 7}, "is damaged: $.transcript_text is no text."),
        ({"speaker_names": ["SECRET"]}, "is damaged: $.speaker_names gives no names to labels."),
        ({"speaker_names": {"a": 7}}, "is damaged: $.speaker_names gives no names to labels."),
        ({"transcript_json": {"results": {"items": "SECRET"}}},
         "is not a transcript of Amazon Transcribe: $.transcript_json.results.items is no list."),
        ({"transcript_json": 7},
         "is not a transcript of Amazon Transcribe: $.transcript_json is no object."),
    ],
)  # fmt: skip
def test_damaged_exports(values: dict[str, Any], message: str) -> None:
    document = {"format": "tabletop-session", **values}
    assert refusal(as_file(document), "evening.json") == f"evening.json {message}"


def test_a_pasted_transcript_has_no_name() -> None:
    assert refusal(b" ", "") == "The text is empty."
    assert refusal(b'{"results": 7}', "") == (
        "The text is not a transcript of Amazon Transcribe: $.results is no object."
    )


@pytest.mark.parametrize("beginning", ["{\\rtf1", "<?xml", "\n<!DOCTYPE html>", "<HTML>"])
def test_other_formats_are_known_by_their_beginning(beginning: str) -> None:
    assert "not of a format that can be read" in (refusal(f"{beginning} x".encode(), "a.txt") or "")


def test_what_begins_with_a_brace_may_be_text() -> None:
    assert read_transcript(b"{laughs} RUTH: Hello.").json is None
    assert session_of(as_file(job(audio_segments=[audio_segment("Hm.", 0, 1)]))).transcript_json
