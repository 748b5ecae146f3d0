from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.exports.formats import export
from sessions_app.exports.webvtt_file import NoTimes, as_webvtt, has_times
from sessions_app.transcripts import Segment, Turn, cues, turns
from sessions_app.transcripts.transcribe.job_output import as_job_output
from tests.sessions.exports.samples import sample_session
from tests.support.transcribe_files import EVENING, as_file, session_with


def without_labels(found: list[Turn]) -> list[tuple[Any, ...]]:
    return [turn[1:] for turn in found]


def test_a_session_becomes_subtitles_with_names_as_voices() -> None:
    session = sample_session(
        as_file(EVENING), name="Fog -->\n5", speaker_names={"spk_0": "R > B & C"}
    )
    assert as_webvtt(session) == (
        "WEBVTT - Fog → 5\n"
        "\n00:00:00.500 --> 00:00:02.000\n<v R &gt; B &amp; C>Who goes there?\n"
        "\n00:00:02.250 --> 00:00:03.000\n<v spk_1>It's me.\n"
        "\n00:00:03.500 --> 00:00:04.500\n<v spk_1>Open up!\n"
    )


def test_a_transcript_without_times_cannot_become_subtitles() -> None:
    assert has_times(sample_session(as_file(EVENING)))
    untimed = as_file({"results": {"transcripts": [{"transcript": "Hello."}]}})
    for session in (sample_session("RUTH: Hello."), sample_session(), sample_session(untimed)):
        assert not has_times(session)
        with pytest.raises(NoTimes):
            export(session, "vtt")


words = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=9), min_size=1
).map(" ".join)
names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=20)
spans = st.lists(
    st.tuples(
        st.one_of(st.none(), names),
        words
        | st.sampled_from(
            ["Sign: it rains", "Note: it rains", "<v Bea>x", "a --> b", "&lt;", "{\\an8}x", "1"]
        ),
        st.integers(0, 5_000),
        st.integers(0, 30_000),
    ),
    min_size=1,
    max_size=12,
)


@given(spans, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_subtitles_read_again_give_the_same_turns(
    spoken: list[tuple[str | None, str, int, int]], title: str
) -> None:
    segments, moment = [], 0
    for label, text, pause, length in spoken:
        start = moment + pause
        moment = start + length
        segments.append(Segment(label, " ".join(text.split()), start / 1000, moment / 1000))
    job_output = as_job_output([segment for segment in segments if segment.text], "test")
    session = sample_session(bytes(job_output), name=title)
    again = session_with(as_webvtt(session))
    assert cues(again) == cues(session)
    assert turns(again) == turns(session)
    assert again.metrics == session.metrics


def test_words_before_a_colon_do_not_become_a_speaker() -> None:
    job_output = as_job_output([Segment(None, "Sign: it rains", 0, 1)], "test")
    subtitles = as_webvtt(sample_session(bytes(job_output)))
    assert "Sign&#58; it rains" in subtitles
    assert turns(session_with(subtitles)) == [Turn(None, None, 0, 1, "Sign: it rains")]


def test_names_that_people_gave_are_kept_in_subtitles() -> None:
    names = {"spk_0": "Ruth <3", "spk_1": "Bea & co"}
    session = sample_session(as_file(EVENING), speaker_names=names)
    again = session_with(as_webvtt(session))
    assert without_labels(turns(again)) == without_labels(turns(session))
