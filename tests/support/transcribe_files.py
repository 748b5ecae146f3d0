"""Small transcripts in the form of Amazon Transcribe, and helpers to read them."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from mirror import exact_json
from sessions_app.models import Session
from sessions_app.transcripts import (
    Segment,
    Transcript,
    TranscriptError,
    put_transcript,
    read_transcript,
)
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
    return [(segment.label, segment.text) for segment in segments_of(output)]


def segments_of(output: Any) -> list[Segment]:
    """Return what each speaker said in a job's output."""
    return read_segments(as_file(output), "job.json")


def json_of(transcript: Transcript) -> Any:
    """Return the JSON of a transcript that was read, with every digit."""
    assert transcript.json
    return exact_json.load(transcript.json.utf8)


def session_with(data: bytes | str, **fields: Any) -> Session:
    """Return an unsaved session with a transcript, whose JSON is as in one that was loaded."""
    session = Session(**fields)
    put_transcript(session, read_transcript(data.encode() if isinstance(data, str) else data))
    if session.transcript_json is not None:
        session.transcript_json = exact_json.load(session.transcript_json.utf8)
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


def as_job(lines: Iterable[str]) -> dict[str, Any]:
    """Return lines, ``NAME: words``, as a job writes them, item by item: three words a second."""
    items: list[dict[str, Any]] = []
    segments = []
    for line in lines:
        name, _, text = line.partition(": ")
        first = len(items)
        for content in text.split():
            number = len(items)
            spoken_word = content.rstrip(".,?!") or content
            items.append(
                word(spoken_word, number / 3, (number + 1) / 3, id=number, speaker_label=name)
            )
            if mark := content.removeprefix(spoken_word):
                items.append(word(mark, id=number + 1, speaker_label=name))
        segments.append(
            audio_segment(text.strip(), first / 3, len(items) / 3, speaker_label=name)
            | {"items": list(range(first, len(items)))}
        )
    whole = " ".join(segment["transcript"] for segment in segments)
    return job(transcripts=[{"transcript": whole}], items=items, audio_segments=segments)


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
