"""What players can show is read, and the person is told what was skipped."""

import pytest

from sessions_app.transcripts import read_transcript
from tests.support.transcribe_files import private_refusal

HEAD = "WEBVTT\n\n"
ONE = "00:01.000 --> 00:02.000\nOne.\n"
TWO = "00:03.000 --> 00:04.000\nTwo.\n"


def lines_of(text: str, name: str = "a.vtt") -> list[str]:
    return read_transcript(text.encode(), name).text.splitlines()


def notes_of(text: str, name: str = "a.vtt") -> list[str]:
    return read_transcript(text.encode(), name).notes


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (f"{HEAD}{ONE}\n02:00:60.000 --> 02:00:61.000\nLost.\n\n{TWO}", "at line 6."),
        (f"{HEAD}{ONE}\n00:02.000 -> 00:03.000\nLost.\n\n{TWO}", "at line 6."),
        (f"{HEAD}{ONE}\nLost.\nLost.\n\n{TWO}", "at line 6."),
        (f"{HEAD}NOTEBOOK\n\n{ONE}\n{TWO}", "at line 3."),
        (f"{HEAD}{ONE}\nname\nx\n{TWO}", "at line 6."),
        (f"{HEAD}{ONE}\n9999:00:00.000 --> 9999:00:01.000\nLost.\n\n{TWO}", "at line 6."),
    ],
)
def test_a_broken_cue_is_skipped_and_its_line_is_told(text: str, note: str) -> None:
    assert lines_of(text) == ["One. Two."]
    assert notes_of(text) == [f"1 broken cue was skipped, {note}"]


def test_several_broken_cues_are_counted() -> None:
    broken = "00:61.000 --> 00:62.000\nLost.\n\n"
    assert notes_of(f"{HEAD}{broken}{ONE}\n{broken * 1200}") == [
        "1,201 broken cues were skipped, the first at line 3."
    ]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (f"{HEAD}02:00:60.000 --> 02:00:61.000\nSECRET", "a.vtt",
         "a.vtt, line 3: '02:00:60.000 --> …' is not a valid time."),
        (f"{HEAD}02:00:60.000 --> 02:00:61.000\nSECRET", "",
         "Line 3: '02:00:60.000 --> …' is not a valid time."),
        (f"{HEAD}SECRET --> 02:00:61.000\nSECRET", "a.vtt",
         "a.vtt, line 3: there is no valid time at the arrow."),
        (f"{HEAD}NOTE SECRET", "a.vtt",
         "a.vtt has no cues: no line has a time such as 00:01:02.500 --> 00:01:04.000."),
        ("SECRET", "a.srt",
         "a.srt has no cues: no line has a time such as 00:01:02.500 --> 00:01:04.000."),
        (f"1\n{ONE}".replace("00:02.000", "SECRET"), "a.srt",
         "a.srt, line 2: '00:01.000 --> …' is not a valid time."),
    ],
)  # fmt: skip
def test_a_file_without_one_cue_is_refused(text: str, name: str, message: str) -> None:
    assert private_refusal(text.encode(), name) == message


@pytest.mark.parametrize(
    "text",
    [
        f"WEBVTT\nKind: captions\nLanguage: en\n\n{ONE}\n{TWO}",
        f"WEBVTT\n{ONE}\n{TWO}",
        f"WEBVTT\nKind: captions\n{ONE}\n{TWO}",
        f"{HEAD}{ONE} \t\n{TWO}",
        f"{HEAD}1\n{ONE}2\n{TWO}",
        f"{HEAD}{ONE}{TWO}",
        f"{HEAD}NOTE a\nb\n\nSTYLE\n::cue {{}}\n\nREGION\nid:a\n\n{ONE}\nNOTE b\n\n{TWO}",
        f"{HEAD}{ONE}\n{TWO}".replace(".000", ",00"),
        f"{HEAD}{ONE}\n{TWO}".replace("00:04", "00:02"),
    ],
    ids=["header", "no empty line at the top", "times after a header", "spaces", "numbers",
         "no empty line", "comments", "commas", "ends before it begins"],
)  # fmt: skip
def test_unusual_webvtt_is_read_whole(text: str) -> None:
    assert lines_of(text) == ["One. Two."]
    assert notes_of(text) == []


SRT_ONE = "00:00:01,000 --> 00:00:02,000\nOne.\n"
SRT_TWO = "00:00:02,000 --> 00:00:03,000\nTwo.\n"


@pytest.mark.parametrize(
    "text",
    [
        f"1\n{SRT_ONE}\n2\n{SRT_TWO}",
        f"1\n\n{SRT_ONE}\n\n\n2\n\n{SRT_TWO}\n3\n",
        f"1\n{SRT_ONE}2\n{SRT_TWO}",
        f"{SRT_ONE}\n{SRT_TWO}",
        f"1\n{SRT_ONE} \n2\n{SRT_TWO}",
        f"1\n{SRT_ONE.replace('One.', '')}\nOne.\n\n2\n{SRT_TWO}",
        f"7\n{SRT_ONE}\nsecond\n{SRT_TWO}",
    ],
    ids=["usual", "empty lines", "no empty line", "no numbers", "spaces", "divided", "a name"],
)
def test_unusual_srt_is_read_whole(text: str) -> None:
    assert lines_of(text, "a.srt") == ["One. Two."]
    assert notes_of(text, "a.srt") == []


def test_text_before_the_first_cue_of_srt_is_skipped() -> None:
    assert notes_of(f"made by hand\n\n1\n{SRT_ONE}", "a.srt") == [
        "1 broken cue was skipped, at line 1."
    ]


ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.080 --> 00:00:02.389 align:start position:0%
 
you<00:00:00.400><c> come</c><00:00:00.800><c> to</c>

00:00:02.389 --> 00:00:02.399 align:start position:0%
you come to
 

00:00:02.399 --> 00:00:05.000 align:start position:0%
you come to
a<00:00:03.000><c> door</c>

00:00:05.000 --> 00:00:05.010 align:start position:0%
a door
 

00:00:05.010 --> 00:00:07.000 align:start position:0%
a door
what<00:00:06.000><c> do</c><00:00:06.200><c> you</c><00:00:06.500><c> do</c>
"""  # noqa: W293 - as YouTube writes it


@pytest.mark.parametrize("name", ["a.vtt", "a.srt"])
def test_rolling_captions_keep_each_line_once(name: str) -> None:
    text = (
        ROLLING if name == "a.vtt" else ROLLING.partition("\n\n")[2].replace(" align", "\n align")
    )
    text = text if name == "a.vtt" else text.replace("\n align:start position:0%", "")
    assert lines_of(text, name) == ["you come to a door what do you do"]
    assert notes_of(text, name) == [
        "Each caption repeats the line before it. Every line is kept once."
    ]


def test_words_that_are_said_again_are_kept() -> None:
    text = HEAD + "".join(f"00:{n:02}.000 --> 00:{n + 1:02}.000\nNo.\n\n" for n in range(10))
    assert lines_of(text) == [" ".join(["No."] * 10)]
    assert notes_of(text) == []


def test_more_than_100_000_cues_are_refused() -> None:
    text = HEAD + "00:01.000 --> 00:02.000\nA\n\n" * 100_001
    assert private_refusal(text.encode(), "a.vtt") == (
        "a.vtt has more than 100,000 cues. Divide it into several sessions."
    )
