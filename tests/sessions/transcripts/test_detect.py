import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.transcripts import Transcript, TranscriptError, read_transcript
from sessions_app.transcripts.detect import OTHER_FORMATS


def speakers(text: str) -> list[str]:
    return read_transcript(text.encode(), "log.txt").speakers


def test_text_is_kept_exactly() -> None:
    text = "\n  MATT:  Hello,\tthere…  \n\n(They laugh.)\nLAURA: 🐉 Ça va?\rstill the same line\n\n"
    assert read_transcript(text.encode(), "log.txt").text == text


def test_byte_order_mark_and_line_ends_of_windows_are_removed() -> None:
    data = "\ufeffMATT: One.\r\nLAURA: Two.\r\n".encode()
    transcript = read_transcript(data, "log.txt")
    assert transcript.text == "MATT: One.\nLAURA: Two.\n"
    assert transcript.speakers == ["MATT", "LAURA"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff\r")))
def test_whatever_is_text_is_kept_and_counted(text: str) -> None:
    if not text.strip():
        return
    transcript = read_transcript(text.encode(), "log.txt")
    assert transcript.text == text
    shares = transcript.metrics["speakerDistribution"].values()
    assert sum(share["words"] for share in shares) <= transcript.metrics["totalWordCount"]


def test_words_are_counted_by_speaker() -> None:
    text = (
        "Thursday, the third evening.\n"
        "MATT: Roll for initiative.\n"
        "LAURA: Twenty – natural!\n"
        "MATT:\n"
        "You are\n"
        "  all dead.\n"
    )
    assert read_transcript(text.encode(), "log.txt").metrics == {
        "totalWordCount": 13,
        "speakerDistribution": {"MATT": {"words": 7}, "LAURA": {"words": 2}},
    }


def test_plain_prose_has_words_and_no_speakers() -> None:
    assert read_transcript(b"They met at noon.", "log.txt").metrics == {
        "totalWordCount": 4,
        "speakerDistribution": {},
    }


@pytest.mark.parametrize(
    "name",
    [
        "MATT",
        "spk_0",
        "Zoë",
        "龍",
        "Player 2",
        "O'Brien",
        "Jean-Luc",
        "Dr. Moss",
        "J.R. Hart",
        "Lady of the Ice",
        "MATT and LAURA",
        "MATT, LAURA",
        "LAURA & SAM",
        "ALL - TRAVIS - ORION - LIAM - AHSLEY - MATT",
        "Ana (GM)",
    ],
)
def test_speakers(name: str) -> None:
    assert speakers(f"{name}: hello\n") == [name]
    assert speakers(f"  {name} :\thello\n") == [name]


@pytest.mark.parametrize(
    "line",
    [
        "And then he says: run",
        "he says: run",
        "It is 10:30 already",
        "10:30",
        "https://example.org/",
        "Wait! Listen: a bell",
        "The bell rang. Hush: it rang",
        "A" * 61 + ": run",
        ": run",
        "std::move",
        "*: run",
    ],
)
def test_lines_that_name_no_speaker_go_on_with_the_turn(line: str) -> None:
    assert speakers(f"MATT: hello\n{line}\n") == ["MATT"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "log.txt is empty."),
        (b" \r\n\t\n", "log.txt is empty."),
        (b"\xef\xbb\xbf", "log.txt is empty."),
        (
            b"SECRET: hi\nSECRET: caf\xe9\n",
            "log.txt is not UTF-8 text (line 2, byte 23 of the file): save it as UTF-8.",
        ),
        (
            b"SECRET: \xed\xa0\x80",
            "log.txt is not UTF-8 text (line 1, byte 9 of the file): save it as UTF-8.",
        ),
        (
            "SECRET: hi".encode("utf-16"),
            "log.txt is not UTF-8 but UTF-16 from byte 1 on: save it as UTF-8.",
        ),
        (
            b"SECRET: hi\n\nSECRET: \x00",
            "log.txt has a null character in line 3: it is not plain text.",
        ),
    ],
)
def test_errors_say_where_and_quote_nothing(data: bytes, message: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read_transcript(data, "log.txt")
    assert str(caught.value) == message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_ten_megabytes_are_the_limit() -> None:
    whole = b"MATT: " + b"a" * (10 * 1024 * 1024 - 6)
    assert len(read_transcript(whole, "log.txt").text) == 10 * 1024 * 1024
    with pytest.raises(TranscriptError, match=r"^log\.txt is larger than 10 MB\.$"):
        read_transcript(whole + b"a", "log.txt")


@pytest.mark.parametrize("name", ["log.txt", "", "session.json"])
def test_more_lines_than_a_page_can_show_are_refused(name: str) -> None:
    def read(text: str) -> Transcript:
        exported = {"format": "tabletop-session", "transcript_text": text}
        return read_transcript((json.dumps(exported) if ".json" in name else text).encode(), name)

    assert read("A: b\n" * 200_000).speakers == ["A"]
    problem = f"^{name or 'The text'} has more than 200,000 lines: "
    with pytest.raises(TranscriptError, match=problem):
        read("A: b\n" * 200_000 + "A")


# What takes odd time with these takes hours, and the suite's own limit ends it.
@pytest.mark.parametrize(
    ("line", "words"),
    [(b":" * 1_000_000, 0), (b"a " * 500_000, 500_000), (b"-" * 1_000_000 + b": a", 1)],
    ids=["colons", "words", "dashes"],
)
def test_odd_lines_take_no_odd_time(line: bytes, words: int) -> None:
    metrics = read_transcript((line + b"\n") * 5, "log.txt").metrics
    assert metrics == {"totalWordCount": 5 * words, "speakerDistribution": {}}


@pytest.mark.parametrize("ending", sorted(OTHER_FORMATS))
def test_other_formats_are_refused(ending: str) -> None:
    with pytest.raises(TranscriptError, match="not of a format that can be read"):
        read_transcript(b"MATT: hi", f"log{ending.upper()}")
