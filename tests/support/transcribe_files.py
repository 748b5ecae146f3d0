"""Small documents in the form of Amazon Transcribe, for the tests."""

import json
from typing import Any

from sessions_app.transcripts import TranscriptError, read_transcript


def word(
    content: str, start: float | None = None, end: float | None = None, **more: Any
) -> dict[str, Any]:
    """A word of half a second, or without a start a punctuation mark."""
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


def refusal(data: bytes, name: str) -> str | None:
    """Why a transcript is refused; ``None`` if it is not."""
    try:
        read_transcript(data, name)
    except TranscriptError as error:
        return str(error)
    return None


# Two people, as today's jobs write it.
EVENING = job(
    language_code="en-US",
    transcripts=[{"transcript": "Who goes there? It's me. Open up!"}],
    audio_segments=[
        audio_segment("Who goes there?", "0.5", "2.0", speaker_label="spk_0"),
        audio_segment("It's me.", "2.25", "3.0", speaker_label="spk_1"),
        audio_segment("Open up!", "3.5", "4.5", speaker_label="spk_1"),
    ],
)
