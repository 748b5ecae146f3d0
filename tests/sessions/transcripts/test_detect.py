import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.transcripts import TranscriptError, read_transcript
from sessions_app.transcripts.detect import UNSUPPORTED_EXTENSIONS
from tests.support.transcribe_files import (
    EVENING,
    as_file,
    audio_segment,
    job,
    private_refusal,
    refusal,
)


def test_plain_text_is_kept_unchanged() -> None:
    text = "\n  MATT:  Hello,\tthere…  \n\n(They laugh.)\nLAURA: 🐉 Ça va?\rstill the same line\n\n"
    assert read_transcript(text.encode(), "log.txt").text == text


def test_a_byte_order_mark_and_windows_line_ends_are_removed() -> None:
    data = "\ufeffMATT: One.\r\nLAURA: Two.\r\n".encode()
    transcript = read_transcript(data, "log.txt")
    assert transcript.text == "MATT: One.\nLAURA: Two.\n"
    assert transcript.speakers == ["MATT", "LAURA"]


@pytest.mark.parametrize("name", ["", "job.txt", "job.json", "JOB.JSON"])
def test_json_is_recognised_by_its_beginning(name: str) -> None:
    data = b"\xef\xbb\xbf\r\n  " + as_file(EVENING)
    assert read_transcript(data, name).json == EVENING


def test_a_text_that_begins_with_a_brace_is_json_only_if_a_key_follows() -> None:
    assert read_transcript(b"{laughs} RUTH: Hello.").json is None
    output = job(audio_segments=[audio_segment("Hm.", 0, 1)])
    assert read_transcript(as_file(output)).json == output


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
        ("SECRET: hi".encode("utf-16"), "log.txt is UTF-16: save it as UTF-8."),
        (
            b"SECRET: hi\n\nSECRET: \x00",
            "log.txt has a null character in line 3: it is not plain text.",
        ),
    ],
)
def test_an_error_names_the_place_and_quotes_nothing(data: bytes, message: str) -> None:
    assert private_refusal(data, "log.txt") == message


def test_an_error_calls_a_pasted_transcript_the_text() -> None:
    assert refusal(b" ", "") == "The text is empty."
    assert refusal(b'{"results": 7}', "") == (
        "The text is not a transcript of Amazon Transcribe: $.results is not an object."
    )


def test_more_than_ten_megabytes_are_refused() -> None:
    whole = b"MATT: " + b"a" * (10 * 1024 * 1024 - 6)
    assert len(read_transcript(whole, "log.txt").text) == 10 * 1024 * 1024
    with pytest.raises(TranscriptError, match=r"^log\.txt is larger than 10 MB\.$"):
        read_transcript(whole + b"a", "log.txt")


@pytest.mark.parametrize("extension", sorted(UNSUPPORTED_EXTENSIONS))
def test_a_file_with_an_unsupported_extension_is_refused(extension: str) -> None:
    with pytest.raises(TranscriptError, match="is not in a supported format"):
        read_transcript(b"MATT: hi", f"log{extension.upper()}")


@pytest.mark.parametrize("beginning", ["{\\rtf1", "<?xml", "\n<!DOCTYPE html>", "<HTML>"])
def test_a_text_with_an_unsupported_beginning_is_refused(beginning: str) -> None:
    assert "is not in a supported format" in (refusal(f"{beginning} x".encode(), "a.txt") or "")


@given(st.binary(max_size=200), st.sampled_from(["", ".txt", ".json", ".vtt", ".srt", ".pdf"]))
def test_any_bytes_are_read_or_refused(data: bytes, extension: str) -> None:
    message = refusal(data, f"log{extension}")
    assert message is None or message.startswith("log")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["status", "results", "items", "alternatives", "content", "type", "audio_segments",
             "transcript", "transcripts", "start_time", "end_time", "speaker_label", "segments",
             "speaker_labels", "channel_labels", "channels", "channel_label", "format",
             "transcript_json", "transcript_text", "speaker_names"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip


@given(json_values, st.booleans())
def test_any_json_is_read_or_refused(value: Any, wrapped: bool) -> None:
    message = refusal(as_file({"results": value} if wrapped else value), "job.json")
    assert message is None or re.fullmatch(r"job\.json [^\n]+\.", message)
