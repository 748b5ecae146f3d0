"""Turns of a transcript with times: phrases and their times are kept where words are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.models import Session
from sessions_app.transcripts import cues, turns
from sessions_app.turn_edits import EditRefused, join_turn, replace_turn
from tests.support.transcribe_files import EVENING, as_file, audio_segment, job, session_with, word

PHRASES = [
    ("spk_0", "You come to a door.", 0, 4),
    ("spk_0", "It is shut.", 4, 6),
    ("spk_1", "I listen at it.", 5, 8),
    ("spk_1", "What is there?", 30, 32),
    ("spk_0", "Silence.", 33, 34),
]


def timed() -> Session:
    return session_with(
        as_file(
            job(
                language_code="en-US",
                audio_segments=[
                    audio_segment(text, str(start), str(end), speaker_label=label)
                    for label, text, start, end in PHRASES
                ],
            )
        )
    )


def phrases(session: Session) -> list[tuple[Any, ...]]:
    return [(cue.speaker_label, cue.text, cue.start, cue.end) for cue in cues(session)]


def said(session: Session) -> list[tuple[str | None, str]]:
    return [(turn.speaker_label, turn.text) for turn in turns(session)]


def test_a_corrected_word_leaves_the_times_of_all_phrases() -> None:
    session = timed()
    replace_turn(session, 1, "spk_0", ["You come to the door. It is shut."])
    assert phrases(session) == [("spk_0", "You come to the door.", 0, 4), *PHRASES[1:]]
    assert "You come to the door. It is shut." in session.transcript_text
    assert session.transcript_json["jobName"] == "evening"
    assert session.transcript_json["results"].keys() == {"language_code", "audio_segments"}


def test_words_that_are_left_out_and_added_stay_near_their_times() -> None:
    session = timed()
    replace_turn(session, 1, "spk_0", ["You come to a door. Shut."])
    first, second = phrases(session)[:2]
    assert first == ("spk_0", "You come to a door.", 0, 4)
    assert second == ("spk_0", "Shut.", 4, 6)
    replace_turn(session, 1, "spk_0", ["You all come to a door. Shut."])
    assert [cue[1] for cue in phrases(session)[:2]] == ["You all come to a door.", "Shut."]


def test_a_turn_is_cut_and_its_halves_are_two_turns() -> None:
    session = timed()
    replace_turn(session, 1, "spk_0", ["You come to", "a door. It is shut."])
    assert phrases(session)[:3] == [
        ("spk_0", "You come to", 0, 2.4),
        ("spk_0", "a door.", 2.4, 4),
        ("spk_0", "It is shut.", 4, 6),
    ]
    assert said(session)[:2] == [("spk_0", "You come to"), ("spk_0", "a door. It is shut.")]
    replace_turn(session, 2, "spk_1", ["a door. It is shut."])
    assert said(session)[:3] == [
        ("spk_0", "You come to"), ("spk_1", "a door. It is shut."), ("spk_1", "I listen at it.")
    ]  # fmt: skip


def test_turns_are_joined_across_speakers_and_pauses() -> None:
    session = timed()
    join_turn(session, 3)
    join_turn(session, 2)
    assert said(session) == [
        ("spk_0", "You come to a door. It is shut. I listen at it. What is there?"),
        ("spk_0", "Silence."),
    ]
    assert [cue[1:] for cue in phrases(session)] == [phrase[1:] for phrase in PHRASES]
    assert session.metrics["speakerDistribution"].keys() == {"spk_0"}


def test_a_turn_is_deleted_and_its_neighbours_do_not_run_together() -> None:
    session = timed()
    replace_turn(session, 2, None, [])
    assert said(session) == [
        ("spk_0", "You come to a door. It is shut."),
        ("spk_1", "What is there?"),
        ("spk_0", "Silence."),
    ]


def test_output_of_before_2024_keeps_its_phrases() -> None:
    words = [
        word("Roll", 0.5), word("please", 1), word("."), word("Twenty", 2), word("!"),
    ]  # fmt: skip
    labels = {
        "segments": [
            {"speaker_label": label, "items": [
                {"start_time": str(start), "end_time": str(start + 0.5)} for start in starts
            ]}
            for label, starts in (("spk_0", [0.5, 1]), ("spk_1", [2]))
        ]
    }  # fmt: skip
    session = session_with(as_file(job(items=words, speaker_labels=labels)))
    replace_turn(session, 1, "spk_0", ["Roll, please."])
    assert phrases(session) == [("spk_0", "Roll, please.", 0.5, 1.5), ("spk_1", "Twenty!", 2, 2.5)]
    assert session.transcript_text == "spk_0: Roll, please.\nspk_1: Twenty!\n"


def test_output_without_times_becomes_a_plain_text() -> None:
    session = session_with(as_file(job(transcripts=[{"transcript": "Roll. Twenty!"}])))
    replace_turn(session, 1, None, ["Roll.", "Twenty!"])
    assert session.transcript_text == "Roll.\nTwenty!\n"
    assert session.transcript_json is None
    replace_turn(session, 2, "SAM", ["Twenty!"])
    assert said(session) == [(None, "Roll."), ("SAM", "Twenty!")]


def test_only_json_is_enough() -> None:
    session = session_with(as_file(EVENING))
    session.transcript_text = ""
    session.metrics = None
    replace_turn(session, 1, "spk_0", ["Who is there?"])
    assert session.transcript_text == "spk_0: Who is there?\nspk_1: It's me. Open up!\n"
    assert session.metrics["totalWordCount"] == 7


def test_a_label_that_the_form_does_not_allow_is_refused() -> None:
    session = timed()
    before = session.transcript_json
    with pytest.raises(EditRefused):
        replace_turn(session, 1, "x" * 101, ["Oh."])
    assert session.transcript_json is before


WORDS = st.lists(st.sampled_from(["You", "come", "to", "a", "door.", "It", "is", "Oh"]), min_size=1)


@settings(deadline=None, max_examples=60)
@given(number=st.integers(1, 4), label=st.sampled_from(["spk_0", "spk_1", None]),
       texts=st.lists(WORDS.map(" ".join), max_size=3))  # fmt: skip
def test_any_edit_changes_its_turn_alone(number: int, label: str | None, texts: list[str]) -> None:
    session = timed()
    expected = said(session)
    expected[number - 1 : number] = [(label, text) for text in texts]
    replace_turn(session, number, label, texts)
    assert said(session) == expected
    for _, _, start, end in phrases(session):
        assert 0 <= start <= end <= 34
