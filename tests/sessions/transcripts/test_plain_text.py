import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.transcripts import Segment, Transcript, TranscriptError, read_transcript
from sessions_app.transcripts.plain_text import split_name, split_segments
from tests.support import real_sessions


def speakers(text: str) -> list[str]:
    return read_transcript(text.encode(), "log.txt").speakers


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
def test_a_name_before_a_colon_is_the_speaker(name: str) -> None:
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
def test_a_line_without_a_name_continues_the_turn(line: str) -> None:
    assert speakers(f"MATT: hello\n{line}\n") == ["MATT"]


@pytest.mark.parametrize(
    "line",
    [
        "Warning: do not enter.",
        "NOTE: buy snacks",
        "Chapter 2: The Door",
        "Part IV: The Sea",
        "P.S.: bring dice",
    ],
)
def test_an_announcement_is_no_speaker(line: str) -> None:
    text = f"Matt: You see a sign.\n{line}\nLaura: I enter.\n"
    assert speakers(text) == ["Matt", "Laura"]
    assert line in read_transcript(text.encode()).text
    assert split_segments(text)[0] == Segment("Matt", f"You see a sign.\n{line}")


CAPITALS = "MATT: You see a sign.\nMATT and LAURA: Hm.\nORION (GM): No.\nD20: Ping.\n"


def test_among_names_in_capitals_another_single_one_is_no_speaker() -> None:
    text = CAPITALS * 5 + "MATT: It says\nSign: keep out.\nGUEST: I say one thing.\n"
    assert speakers(text) == ["MATT", "MATT and LAURA", "ORION (GM)", "D20", "GUEST"]
    assert "Sign" in speakers(text + "Sign: keep in.\n")


def test_among_other_names_a_single_one_is_a_speaker() -> None:
    text = "Matt: Hello.\nLAURA: Yes?\n" * 9 + "Guest: I say one thing.\n"
    assert speakers(text) == ["Matt", "LAURA", "Guest"]


@real_sessions.needs_sessions
def test_no_speaker_of_a_real_session_is_lost() -> None:
    for lines in real_sessions.sessions().values():
        labels = list(dict.fromkeys(line.partition(":")[0] for line in lines))
        assert speakers("".join(lines)) == labels


def test_a_text_with_more_than_200_names_has_no_speakers() -> None:
    text = "\n".join(f"Word{number}: meaning" for number in range(200))
    assert len(read_transcript(text.encode()).speakers) == 200
    more = read_transcript(f"{text}\nWord200: meaning".encode())
    assert more.speakers == []
    assert more.metrics["totalWordCount"] == 402


@pytest.mark.parametrize("name", ["log.txt", "", "session.json"])
def test_more_than_200_000_lines_are_refused(name: str) -> None:
    def read(text: str) -> Transcript:
        exported = {"format": "tabletop-session", "transcript_text": text}
        return read_transcript((json.dumps(exported) if ".json" in name else text).encode(), name)

    assert read("A: b\n" * 200_000).speakers == ["A"]
    problem = f"^{name or 'The text'} has more than 200,000 lines: "
    with pytest.raises(TranscriptError, match=problem):
        read("A: b\n" * 200_000 + "A")


# In quadratic time these would take hours; the time limit of a test would end it.
@pytest.mark.no_cover  # millions of steps, and other tests cover the code
@pytest.mark.parametrize(
    ("line", "words"),
    [(b":" * 1_000_000, 0), (b"a " * 500_000, 500_000), (b"-" * 1_000_000 + b": a", 1)],
    ids=["colons", "words", "dashes"],
)
def test_long_lines_are_read_in_linear_time(line: bytes, words: int) -> None:
    metrics = read_transcript((line + b"\n") * 5, "log.txt").metrics
    assert metrics == {"totalWordCount": 5 * words, "speakerDistribution": {}}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff\r")))
def test_any_text_is_kept_and_counted(text: str) -> None:
    if not text.strip():
        return
    transcript = read_transcript(text.encode(), "log.txt")
    assert transcript.text == text
    shares = transcript.metrics["speakerDistribution"].values()
    assert sum(share["words"] for share in shares) <= transcript.metrics["totalWordCount"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_no_word_of_a_text_is_lost(text: str) -> None:
    words = [word for line in text.split("\n") for word in split_name(line)[1].split()]
    assert [word for segment in split_segments(text) for word in segment.text.split()] == words


@given(st.lists(st.tuples(st.sampled_from(["RUTH", "BEA"]), st.lists(st.sampled_from("abc")))))
def test_a_conversation_is_divided_into_speakers_and_words(
    spoken: list[tuple[str, list[str]]],
) -> None:
    text = "\n".join(f"{name}: {' '.join(words)}" for name, words in spoken)
    assert [(segment.label, segment.text.split()) for segment in split_segments(text)] == [
        (name, words) for name, words in spoken if words
    ]
