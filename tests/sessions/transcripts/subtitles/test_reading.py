import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.transcripts import Segment, read_transcript
from tests.support.transcribe_files import json_of, private_refusal, refusal, segments_of

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


def spoken_in(text: str, name: str = "") -> list[Segment]:
    return segments_of(json_of(read_transcript(text.encode(), name)))


def cue(text: str) -> list[tuple[str | None, str]]:
    return [segment[:2] for segment in spoken_in(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}\n")]


@pytest.mark.parametrize("name", ["", "evening.vtt", "evening.txt"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_webvtt_is_read_into_segments(name: str, ends: str) -> None:
    assert spoken_in("\ufeff" + WEBVTT.replace("\n", ends), name) == [
        Segment("Ruth", "You come to a door.", 1.0, 2.5),
        Segment("Bea & Nils", "Rock <& roll > 5", 2.5, 4.0),
        Segment("Ruth", "No.", 2.5, 4.0),
        Segment(None, "(They laugh.)", 3600.0, 3601.25),
    ]


@pytest.mark.parametrize("name", ["", "evening.srt", "evening.txt"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_srt_is_read_into_segments(name: str, ends: str) -> None:
    assert spoken_in("\n " + SRT.replace("\n", ends), name) == [
        Segment("RUTH", "You come to a door.", 1.0, 2.5),
        Segment("RUTH", "It is shut & x < y > z.", 2.5, 4.0),
        Segment("BEA", "I knock.", 2.5, 4.0),
        Segment("BEA", "Twice.", 4.0, 5.0),
    ]


def test_text_metrics_and_times_of_subtitles_are_stored() -> None:
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
    output = json_of(transcript)
    assert output["format"] == "SRT"
    assert output["results"]["audio_segments"][2] == {
        "id": 2,
        "transcript": "I knock.",
        "start_time": "2.500",
        "end_time": "4.000",
        "speaker_label": "BEA",
    }
    output = json_of(read_transcript(WEBVTT.encode()))
    assert output["format"] == "WebVTT"
    assert "speaker_label" not in output["results"]["audio_segments"][3]


def test_a_name_before_a_colon_holds_until_the_next_name() -> None:
    assert cue("Who's there?\nRUTH: It's me.\nOpen up: it rains!\nBEA:\nNever.") == [
        (None, "Who's there?"),
        ("RUTH", "It's me. Open up: it rains!"),
        ("BEA", "Never."),
    ]


def test_a_voice_is_for_its_cue_only() -> None:
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


def test_cues_are_ordered_by_time() -> None:
    text = "WEBVTT\n\n00:03.000 --> 00:04.000\nB\n\n00:01.000 --> 00:05.000\nA\n"
    assert [segment.text for segment in spoken_in(text)] == ["A", "B"]
    assert read_transcript(text.encode()).metrics["totalDuration"] == 5.0


def test_cues_without_words_are_left_out() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:02,000 --> 00:00:03,000\nA\n"
    assert spoken_in(text) == [Segment(None, "A", 2.0, 3.0)]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.vtt", "SECRET", ", line 1: WebVTT must begin with WEBVTT here."),
        ("a.vtt", "WEBVTTSECRET", ", line 1: WebVTT must begin with WEBVTT here."),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n", " has no words: its cues are empty."),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000", " has no words: its cues are empty."),
    ],
)
def test_subtitles_without_a_header_or_words_are_refused(
    name: str, text: str, message: str
) -> None:
    assert private_refusal(text.encode(), name).startswith(f"{name}{message}")


def test_a_label_of_more_than_100_characters_is_refused() -> None:
    text = f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v {'S' * 101}>Hi"
    assert private_refusal(text.encode(), "a.vtt").endswith(
        "has a speaker with a name of more than 100 characters."
    )


# In quadratic time these would take hours; the time limit of a test would end it.
@pytest.mark.no_cover  # millions of steps, and other tests cover the code
@pytest.mark.parametrize(
    ("content", "extension", "words"),
    [
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v " * 3_000_000, "vtt", 3_000_000),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n<v" + " " * 9_000_000, "vtt", 1),
        ("WEBVTT\n\n" + "00:01.000 --> 00:02.000\nRUTH: word\n\n" * 50_000, "vtt", 50_000),
        ("\n" * 5_000_000 + "1\n00:00:01,000 --> 00:00:02,000\nHello", "srt", 1),
        ("1\n00:00:01,000 --> 00:00:02,000\n" + "{\\" * 4_000_000, "srt", 0),
    ],
    ids=["tags", "spaces", "one moment", "empty lines", "braces"],
)
def test_unusual_content_is_read_in_linear_time(content: str, extension: str, words: int) -> None:
    found = read_transcript(content.encode(), f"log.{extension}")
    assert found.metrics["totalWordCount"] == words


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
def test_no_word_of_subtitles_is_lost(cues: list[list[list[str]]], extension: str) -> None:
    head, times = {
        "vtt": ("WEBVTT\n\n", "00:00:01.000 --> 00:00:02.000"),
        "srt": ("", "00:00:01,000 --> 00:00:02,000"),
    }[extension]
    blocks = [
        "\n".join([str(number), times, *(" ".join(words) for words in cue_lines)])
        for number, cue_lines in enumerate(cues, 1)
    ]
    text = head + "\n\n".join(blocks)
    found = [word for segment in spoken_in(text, f"a.{extension}") for word in segment.text.split()]
    assert found == [word for cue_lines in cues for words in cue_lines for word in words]
