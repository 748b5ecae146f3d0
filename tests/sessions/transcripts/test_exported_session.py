from decimal import Decimal
from typing import Any

import pytest

from sessions_app.transcripts import read_transcript
from tests.support.transcribe_files import EVENING, as_file, json_of, refusal, session_with


def test_an_exported_session_is_read_with_its_names() -> None:
    exported = {
        "format": "tabletop-session",
        "transcript_text": "as it was",
        "transcript_json": EVENING,
        "speaker_names": {"spk_0": "Ruth"},
        "metrics": {"totalWordCount": -1},
    }
    transcript = read_transcript(as_file(exported), "evening.json")
    assert (transcript.text, json_of(transcript)) == ("as it was", EVENING)
    assert transcript.speaker_names == {"spk_0": "Ruth"}
    assert transcript.metrics["totalWordCount"] == 7
    session = session_with(as_file(exported), speaker_names={"spk_1": "Old"})
    assert session.speaker_names == {"spk_0": "Ruth"}

    text_only = exported | {"transcript_json": None, "transcript_text": "RUTH: Hello."}
    transcript = read_transcript(as_file(text_only), "evening.json")
    assert (transcript.text, transcript.json) == ("RUTH: Hello.", None)
    assert transcript.speakers == ["RUTH"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "is a session without a transcript."),
        ({"transcript_text": 7}, "is damaged: $.transcript_text is not a string."),
        ({"speaker_names": ["SECRET"]}, "is damaged: $.speaker_names is not an object."),
        ({"speaker_names": {"SECRET": 7}}, "is damaged: $.speaker_names[...] is not a string."),
        ({"transcript_json": {"results": {"items": "SECRET"}}},
         ("is not a transcript of Amazon Transcribe: "
          "$.transcript_json.results.items is not a list.")),
        ({"transcript_json": 7},
         "is not a transcript of Amazon Transcribe: $.transcript_json is not an object."),
    ],
)  # fmt: skip
def test_a_damaged_export_is_refused(values: dict[str, Any], message: str) -> None:
    exported = {"format": "tabletop-session", **values}
    assert refusal(as_file(exported), "evening.json") == f"evening.json {message}"


def test_an_exported_session_comes_back_with_every_digit() -> None:
    exact = '"confidence": [0.12345678901234567890123456789, 1e400]'
    exported = {"format": "tabletop-session", "transcript_json": {**EVENING, "x": "HERE"}}
    file = as_file(exported).replace(b'"x": "HERE"', exact.encode())
    transcript = read_transcript(file, "evening.json")
    assert json_of(transcript)["confidence"] == [
        Decimal("0.12345678901234567890123456789"),
        Decimal("1e400"),
    ]
