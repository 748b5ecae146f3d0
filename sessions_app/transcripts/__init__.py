"""Transcripts of play sessions: reading them, counting, and showing what was said by whom."""

from sessions_app.transcripts.reading import MAX_BYTES, read_transcript
from sessions_app.transcripts.stored import (
    TRANSCRIPT_FIELDS,
    Speaker,
    cues,
    put_transcript,
    remove_transcript,
    speakers,
    turns,
)
from sessions_app.transcripts.values import (
    MAX_NAME_LENGTH,
    Metrics,
    Segment,
    Transcript,
    TranscriptError,
    Turn,
    measure,
)

__all__ = [
    "MAX_BYTES",
    "MAX_NAME_LENGTH",
    "TRANSCRIPT_FIELDS",
    "Metrics",
    "Segment",
    "Speaker",
    "Transcript",
    "TranscriptError",
    "Turn",
    "cues",
    "measure",
    "put_transcript",
    "read_transcript",
    "remove_transcript",
    "speakers",
    "turns",
]
