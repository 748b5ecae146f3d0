import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.transcripts import detect, read_transcript
from tests.support.transcribe_files import (
    EVENING,
    as_file,
    audio_segment,
    job,
    json_of,
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
    assert json_of(read_transcript(data, name)) == EVENING


def test_a_text_that_begins_with_a_brace_is_json_only_if_a_key_follows() -> None:
    assert read_transcript(b"{laughs} RUTH: Hello.").json is None
    output = job(audio_segments=[audio_segment("Hm.", 0, 1)])
    assert json_of(read_transcript(as_file(output))) == output


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "log.txt is empty."),
        (b" \r\n\t\n", "log.txt is empty."),
        (b"\xef\xbb\xbf", "log.txt is empty."),
        (b"SECRET: hi\nSECRET: \x81\xff\n",
         "log.txt, line 2: this is neither UTF-8 nor Windows-1252. Save the file as UTF-8."),
        (b"SECRET: hi\n\nSECRET: \x00",
         "log.txt is not a text file: line 3 has a null character."),
        (b"SECRET\x01\xff", "log.txt is not a text file."),
    ],
)  # fmt: skip
def test_an_error_names_the_place_and_quotes_nothing(data: bytes, message: str) -> None:
    assert private_refusal(data, "log.txt") == message


def test_an_error_calls_a_pasted_transcript_the_text() -> None:
    assert refusal(b" ", "") == "The text is empty."
    assert refusal(b'{"results": 7}', "") == (
        "The text is not a transcript of Amazon Transcribe: $.results is not an object."
    )


@pytest.mark.parametrize(
    ("text", "encoding", "note"),
    [
        ("RUTH: Café – “hm”…", "windows-1252", "Read as Windows-1252."),
        ("RUTH: Fädchen", "latin-1", "Read as Windows-1252."),
        ("RUTH: Café 🐉", "utf-16", "Read as UTF-16."),
    ],
)
@pytest.mark.parametrize("form", ["{}", "WEBVTT\n\n00:01.000 --> 00:02.000\n{}\n"])
def test_older_encodings_are_read_and_the_person_is_told(
    text: str, encoding: str, note: str, form: str
) -> None:
    data = form.format(text).encode(encoding)
    transcript = read_transcript(data)
    assert transcript.text.strip() == text
    assert transcript.notes == [note]
    assert read_transcript(form.format(text).encode()).notes == []


def test_a_file_in_two_encodings_is_read_whole() -> None:
    transcript = read_transcript("RUTH: Café.\n".encode() + "BEA: Thé.\n".encode("latin-1"))
    assert transcript.text == "RUTH: Café.\nBEA: Thé.\n"
    assert transcript.notes == ["Read as UTF-8, but in part as Windows-1252, first in line 2."]


def test_json_in_an_older_encoding_is_read() -> None:
    output = job(audio_segments=[audio_segment("Thé?", 0, 1)])
    data = json.dumps(output, ensure_ascii=False).encode("latin-1")
    assert read_transcript(data, "job.json").text == "Thé?\n"


def test_files_and_texts_that_are_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"MATT: " + b"a" * (10 * 1024 * 1024 - 6)
    assert len(read_transcript(whole, "log.txt").text) == 10 * 1024 * 1024
    assert (refusal(whole + b"a", "log.txt") or "").startswith(
        "log.txt is too long: a transcript may have 10 MB of text, some hundred hours of talk."
    )
    monkeypatch.setattr(detect, "MAX_BYTES", 2 * 1024 * 1024)
    assert refusal(whole, "log.txt") == "log.txt is larger than 2 MB."


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.docx", "a.docx: Word files can't be read. Save it as plain text."),
        ("A.DOC", "A.DOC: Word files can't be read. Save it as plain text."),
        ("a.csv", "a.csv: Tables can't be read. Save it as plain text."),
        ("a.ttml", "a.ttml: These subtitles can't be read. Save them as WebVTT or SRT."),
        ("a.mp3", "a.mp3: Recordings can't be read. Choose the transcript instead."),
    ],
)
def test_a_file_of_another_kind_is_refused(name: str, message: str) -> None:
    assert refusal(b"MATT: hi", name) == message


@pytest.mark.parametrize(
    ("beginning", "what"),
    [("{\\rtf1", "RTF files"), ("<?xml", "These subtitles"), ("\n<!DOCTYPE html>", "Web pages"),
     ("<HTML>", "Web pages"), ("%PDF-1.7", "PDF files")],
)  # fmt: skip
def test_a_text_that_begins_like_another_kind_is_refused(beginning: str, what: str) -> None:
    data = f"{beginning} x".encode()
    assert (refusal(data, "a.txt") or "").startswith(f"a.txt: {what} can't be read.")
    assert (refusal(data, "") or "").startswith(f"{what} can't be read.")


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
    assert message is None or re.fullmatch(r"job\.json[ ,:][^\n]+\.", message)
