from typing import Any

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st
from webvtt.errors import MalformedCaptionError

from sessions_app.transcripts import Segment, TranscriptError, read_transcript
from sessions_app.transcripts.transcribe.document import segments
from tests.support.transcribe_files import refusal

WEBVTT = """WEBVTT - the third evening
Kind: captions

NOTE made by hand
and looked over

STYLE
::cue(.ruth) { color: lime }

REGION
id:left

1
00:01.000 --> 00:02.500 align:start
<v.gm Ruth>You come to a <i>door</i>.

two
00:02.500 --> 00:04.000
<v Bea &amp; Nils>Rock &lt;&amp; roll &gt; 5</v>
<v Ruth>No.

01:00:00.000 --> 01:00:01.250
(They laugh.)
"""
SRT = """1
00:00:01,000 --> 00:00:02,500
RUTH: You come to a <font color="red">door</font>.

2
00:00:02.500 --> 00:00:04,000
{\\an8}It is <b>shut</b> & x < y > z.
BEA: I knock.

3
00:00:04,000 --> 00:00:05,000
Twice.
"""


def said(text: str, name: str = "") -> list[Segment]:
    return segments(read_transcript(text.encode(), name).json, name)


def cue(text: str) -> list[tuple[str | None, str]]:
    return [s[:2] for s in said(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}\n")]


def error(text: str, name: str) -> str:
    with pytest.raises(TranscriptError) as caught:
        read_transcript(text.encode(), name)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "SECRET" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["", "evening.vtt", "evening.txt"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_webvtt(name: str, ends: str) -> None:
    assert said("\ufeff" + WEBVTT.replace("\n", ends), name) == [
        Segment("Ruth", "You come to a door.", 1.0, 2.5),
        Segment("Bea & Nils", "Rock <& roll > 5", 2.5, 4.0),
        Segment("Ruth", "No.", 2.5, 4.0),
        Segment(None, "(They laugh.)", 3600.0, 3601.25),
    ]


@pytest.mark.parametrize("name", ["", "evening.srt", "evening.txt"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_srt(name: str, ends: str) -> None:
    assert said("\n " + SRT.replace("\n", ends), name) == [
        Segment("RUTH", "You come to a door.", 1.0, 2.5),
        Segment("RUTH", "It is shut & x < y > z.", 2.5, 4.0),
        Segment("BEA", "I knock.", 2.5, 4.0),
        Segment("BEA", "Twice.", 4.0, 5.0),
    ]


def test_text_metrics_and_times_are_kept() -> None:
    transcript = read_transcript(SRT.encode(), "evening.srt")
    assert transcript.text == (
        "RUTH: You come to a door. It is shut & x < y > z.\nBEA: I knock. Twice.\n"
    )
    assert transcript.metrics == {
        "totalDuration": 5.0,
        "totalWordCount": 14,
        "speakerDistribution": {
            "RUTH": {"words": 11, "duration": 3.0},
            "BEA": {"words": 3, "duration": 2.5},
        },
    }
    document: Any = transcript.json
    assert document["format"] == "SRT"
    assert document["results"]["audio_segments"][2] == {
        "id": 2,
        "transcript": "I knock.",
        "start_time": "2.500",
        "end_time": "4.000",
        "speaker_label": "BEA",
    }
    document = read_transcript(WEBVTT.encode()).json
    assert document["format"] == "WebVTT"
    assert "speaker_label" not in document["results"]["audio_segments"][3]


def test_names_before_a_colon_hold_until_the_next_one() -> None:
    assert cue("Who's there?\nRUTH: It's me.\nOpen up: it rains!\nBEA:\nNever.") == [
        (None, "Who's there?"),
        ("RUTH", "It's me. Open up: it rains!"),
        ("BEA", "Never."),
    ]


def test_voices_are_for_their_cue_only() -> None:
    assert cue("Before. <v Ruth>RUTH: hi\n\n00:03.000 --> 00:04.000\nBEA: hi") == [
        (None, "Before."),
        ("Ruth", "RUTH: hi"),
        (None, "BEA: hi"),
    ]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<c.loud>Run</c> <lang en-GB>away</lang>", "Run away"),
        ("<00:01.500>Run <ruby>a<rt>b</rt></ruby>", "Run ab"),
        ("I <3 you", "I <3 you"),
        ("<sighs> Well", "<sighs> Well"),
        ("a &lt;b&gt; &nbsp; c &#65;", "a <b> c A"),
        ("{laughs}", "{laughs}"),
    ],
)
def test_tags_are_removed_and_words_kept(raw: str, text: str) -> None:
    assert cue(raw) == [(None, text)]


def test_cues_come_in_the_order_of_time() -> None:
    text = "WEBVTT\n\n00:03.000 --> 00:04.000\nB\n\n00:01.000 --> 00:05.000\nA\n"
    assert [segment.text for segment in said(text)] == ["A", "B"]
    assert read_transcript(text.encode()).metrics["totalDuration"] == 5.0


def test_cues_without_words_are_left_out() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:02,000 --> 00:00:03,000\nA\n"
    assert said(text) == [Segment(None, "A", 2.0, 3.0)]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.vtt", "SECRET", "is not WebVTT: its line 1 does not begin with WEBVTT."),
        ("a.vtt", "WEBVTTSECRET", "is not WebVTT: its line 1 does not begin with WEBVTT."),
        ("a.vtt", "WEBVTT\n\nNOTE SECRET", "has no cues: no line holds a time range such as 00:01"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n", "holds no words: its cues are empty."),
        ("a.vtt", "WEBVTT\n\n00:01,000 --> 00:02,000\nSECRET",
         "has no time range such as 00:01:02.500 --> 00:01:04.000 in line 3, but an arrow."),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:61.000\nSECRET", "has no time range such as 00:01:0"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nSECRET --> 1", "has no time range such as "),
        ("a.vtt", "WEBVTT\n\n00:02.000 --> 00:01.999\nSECRET",
         "has a cue that ends before it begins in line 3."),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nA\n\nSECRET\nSECRET\n",
         "has text without a time in line 6."),
        ("a.vtt", "WEBVTT\n\nNOTEBOOK SECRET\n\n00:01.000 --> 00:02.000\nA",
         "has text without a time in line 3."),
        ("a.vtt", "WEBVTT\n\nSECRET\nSECRET\n00:01.000 --> 00:02.000\nA",
         "has text without a time in line 3."),
        ("a.srt", "SECRET", "has no cues: no line holds a time range such as 00:01:02,500"),
        ("a.srt", "SECRET\n\n1\n00:00:01,000 --> 00:00:02,000\nA",
         "is not SRT: no cue begins in line 1."),
        ("a.srt", "\n00:00:01,000 --> 00:00:02,000\nSECRET",
         "has a cue without a number before line 2."),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nSECRET\n00:00:02,000 --> 00:00:03,000\nA",
         "has a cue without a number before line 4."),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,00\nSECRET",
         "has no time range such as 00:01:02,500 --> 00:01:04,000 in line 2, but an arrow."),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000", "holds no words: its cues are empty."),
    ],
)  # fmt: skip
def test_errors_tell_the_line_and_quote_nothing(name: str, text: str, message: str) -> None:
    assert error(text, name).startswith(f"{name} {message}")


def test_what_only_webvtt_py_notices_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise MalformedCaptionError("SECRET")

    monkeypatch.setattr(webvtt, "from_buffer", fail)
    assert error(SRT, "a.srt") == "a.srt cannot be read: its cues are malformed."


def test_too_many_cues() -> None:
    text = "WEBVTT\n\n" + "00:01.000 --> 00:02.000\nA\n\n" * 50_001
    assert error(text, "a.vtt") == "a.vtt has more than 50,000 cues."


def test_too_long_a_name() -> None:
    text = f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v {'S' * 101}>Hi"
    assert error(text, "a.vtt").endswith("names a speaker in over 100 characters.")


lines = st.lists(
    st.one_of(
        st.sampled_from(
            ["", "WEBVTT", "1", "NOTE", "NOTE a", "STYLE", "REGION", "00:01.000 --> 00:02.000",
             "00:00:01,000 --> 00:00:02,000", "-->", "RUTH: hello", "<v Ruth>hello", "hello",
             " ", "{\\an8}", "<v", "&lt;", "00:00:03.000 --> 00:00:02.000", "\r", "²"]
        ),
        st.text(max_size=10),
    ),
    max_size=12,
)  # fmt: skip


@given(lines, st.sampled_from(["a.vtt", "a.srt", "a.txt", ""]), st.booleans())
def test_any_lines_are_read_or_refused(content: list[str], name: str, headed: bool) -> None:
    text = "\n".join(["WEBVTT", "", *content] if headed else content)
    message = refusal(text.encode("utf-8", "replace"), name)
    assert message is None or "\n" not in message


spoken = st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1)


@given(st.lists(st.lists(spoken, min_size=1), min_size=1), st.sampled_from(["vtt", "srt"]))
def test_no_word_is_lost(cues: list[list[list[str]]], ending: str) -> None:
    head, times = {
        "vtt": ("WEBVTT\n\n", "00:00:01.000 --> 00:00:02.000"),
        "srt": ("", "00:00:01,000 --> 00:00:02,000"),
    }[ending]
    blocks = [
        "\n".join([str(number), times, *(" ".join(words) for words in cue_lines)])
        for number, cue_lines in enumerate(cues, 1)
    ]
    text = head + "\n\n".join(blocks)
    found = [word for segment in said(text, f"a.{ending}") for word in segment.text.split()]
    assert found == [word for cue_lines in cues for words in cue_lines for word in words]
