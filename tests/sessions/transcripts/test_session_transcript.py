from typing import Any

import pytest

from sessions_app.models import Session
from sessions_app.transcripts import (
    TRANSCRIPT_FIELDS,
    Turn,
    cues,
    put_transcript,
    read_transcript,
    recompute_metrics,
    remove_transcript,
    turns,
)
from tests.support import real_sessions
from tests.support.transcribe_files import EVENING, as_file, job, session_with, word


def test_put_transcript_changes_exactly_the_transcript_fields() -> None:
    session, untouched = session_with(as_file(EVENING)), Session()
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


def test_a_text_replaces_a_transcript_with_json() -> None:
    session = session_with(as_file(EVENING))
    put_transcript(session, read_transcript(b"RUTH: Hello."))
    assert session.transcript_json is None
    assert session.metrics == {"totalWordCount": 1, "speakerDistribution": {"RUTH": {"words": 1}}}


def test_remove_transcript_clears_its_fields_and_no_others() -> None:
    session = session_with(as_file(EVENING), speaker_names={"spk_0": "Ruth"}, notes="Mine.")
    remove_transcript(session)
    assert not session.has_transcript
    assert (session.metrics, session.speaker_names, session.notes) == (None, None, "Mine.")


def test_names_are_kept_if_the_new_transcript_has_the_same_labels() -> None:
    names = {"RUTH": "Ruth the Wise", "BEA": "Bea", "spk_0": "Nils"}
    session = session_with("RUTH: Hello.\nspk_0: Hm.\n", speaker_names=names)
    assert session.speaker_names == {"RUTH": "Ruth the Wise", "spk_0": "Nils"}
    # In another recording, spk_0 is another person.
    put_transcript(session, read_transcript(as_file(EVENING)))
    assert session.speaker_names is None
    webvtt = b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v RUTH>Hello."
    assert session_with(webvtt, speaker_names=names).speaker_names == {"RUTH": "Ruth the Wise"}


def test_turns_and_cues_come_from_the_json_with_names_and_times() -> None:
    session = session_with(as_file(EVENING))
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


@pytest.mark.parametrize("output", [{}, [], 7, {"turns": []}, job(items=[7]), job(items=[])])
def test_turns_come_from_the_text_if_the_json_has_another_form(output: Any) -> None:
    session = Session(transcript_text="RUTH: Hello.", transcript_json=output)
    assert turns(session) == [Turn("RUTH", "RUTH", None, None, "Hello.")]


def test_a_session_without_a_transcript_has_no_turns() -> None:
    assert turns(Session()) == []


def test_the_turns_of_a_text_are_its_paragraphs() -> None:
    text = (
        "\nThursday.\nThey met.\n\nRUTH: You come\n to a door: it is shut.\n\n(A pause.)\n"
        "BEA:\nI knock.\nRUTH:\nBEA: Twice.\n"
    )
    session = session_with(text, speaker_names={"BEA": "Bea"})
    assert [turn[:2] + turn[4:] for turn in turns(session)] == [
        (None, None, "Thursday."),
        (None, None, "They met."),
        ("RUTH", "RUTH", "You come\nto a door: it is shut."),
        ("RUTH", "RUTH", "(A pause.)"),
        ("BEA", "Bea", "I knock."),
        ("BEA", "Bea", "Twice."),
    ]


@pytest.mark.parametrize("names", [["spk_0"], 7, {"spk_0": 7, "spk_1": None}])
def test_speaker_names_of_another_type_are_ignored(names: Any) -> None:
    session = session_with(as_file(EVENING))
    session.speaker_names = names
    assert [turn.speaker_name for turn in turns(session)] == ["spk_0", "spk_1"]
    put_transcript(session, read_transcript(b"spk_0: Hm."))
    assert session.speaker_names is None


def test_metrics_are_recomputed_from_the_stored_transcript() -> None:
    session = Session(transcript_text="RUTH: One two.", metrics={"totalWordCount": 7})
    recompute_metrics(session)
    assert session.metrics == {"totalWordCount": 2, "speakerDistribution": {"RUTH": {"words": 2}}}
    session.transcript_json = EVENING
    recompute_metrics(session)
    assert session.metrics == read_transcript(as_file(EVENING)).metrics
    session.transcript_text, session.transcript_json = "", None
    recompute_metrics(session)
    assert session.metrics is None


def test_single_words_become_a_turn_for_each_speaker() -> None:
    items = [word(f"word{n}", n / 2, speaker_label=f"spk_{n // 20 % 5}") for n in range(50_000)]
    session = Session(transcript_json=job(items=items))
    found = turns(session)
    assert len(found) == 2_500


@real_sessions.needs_sessions
def test_a_real_session_has_a_turn_for_each_line() -> None:
    episode = max(real_sessions.sessions().values(), key=lambda lines: sum(map(len, lines)))
    text = "".join(episode)
    session = session_with(text)
    found = turns(session)
    assert len(text) > 250_000
    assert len(found) == len(episode)
