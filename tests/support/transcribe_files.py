"""Small transcripts in the form of Amazon Transcribe, and helpers to read them."""

import json
from typing import Any

import pytest

from sessions_app.models import Session
from sessions_app.transcripts import TranscriptError, put_transcript, read_transcript
from sessions_app.transcripts.transcribe import read_segments


def word(
    content: str, start: float | None = None, end: float | None = None, **more: Any
) -> dict[str, Any]:
    """Return a word of half a second or, without a start, a punctuation mark."""
    item = {"alternatives": [{"confidence": "0.9", "content": content}], **more}
    if start is None:
        return {"type": "punctuation", **item}
    times = {"start_time": str(start), "end_time": str(start + 0.5 if end is None else end)}
    return {"type": "pronunciation", **times, **item}


def audio_segment(text: str, start: Any, end: Any, **more: Any) -> dict[str, Any]:
    return {"id": 0, "transcript": text, "start_time": start, "end_time": end, "items": [], **more}


def job(**results: Any) -> dict[str, Any]:
    return {"jobName": "evening", "accountId": "1", "status": "COMPLETED", "results": results}


def as_file(document: Any) -> bytes:
    return json.dumps(document).encode()


def spoken(output: Any) -> list[tuple[str | None, str]]:
    """Return the label and the text of each segment of a job's output."""
    return [(segment.label, segment.text) for segment in read_segments(output, "job.json")]


def session_with(data: bytes | str, **fields: Any) -> Session:
    """Return an unsaved session with a transcript."""
    session = Session(**fields)
    put_transcript(session, read_transcript(data.encode() if isinstance(data, str) else data))
    return session


def refusal(data: bytes, name: str) -> str | None:
    """Return why a transcript is refused, ``None`` if it is not."""
    try:
        read_transcript(data, name)
    except TranscriptError as error:
        return str(error)
    return None


def private_refusal(data: bytes, name: str) -> str:
    """Return why a transcript is refused, and assert that the error quotes nothing of it.

    Neither the message nor a chained exception may have the word ``SECRET``.
    """
    with pytest.raises(TranscriptError) as caught:
        read_transcript(data, name)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "SECRET" not in str(caught.value)
    return str(caught.value)


# Two speakers, as jobs write it since 2024.
EVENING = job(
    language_code="en-US",
    transcripts=[{"transcript": "Who goes there? It's me. Open up!"}],
    audio_segments=[
        audio_segment("Who goes there?", "0.5", "2.0", speaker_label="spk_0"),
        audio_segment("It's me.", "2.25", "3.0", speaker_label="spk_1"),
        audio_segment("Open up!", "3.5", "4.5", speaker_label="spk_1"),
    ],
)
