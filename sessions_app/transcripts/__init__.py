"""Transcripts of play sessions: reading them, counting, and showing what was said by whom."""

from sessions_app.transcripts.detect import MAX_BYTES, read_transcript
from sessions_app.transcripts.metrics import measure
from sessions_app.transcripts.stored import (
    TRANSCRIPT_FIELDS,
    cues,
    measure_again,
    put_transcript,
    remove_transcript,
    turns,
)
from sessions_app.transcripts.transcript import (
    MAX_LABEL_LENGTH,
    Metrics,
    Segment,
    Transcript,
    TranscriptError,
    Turn,
)

__all__ = [
    "MAX_BYTES",
    "MAX_LABEL_LENGTH",
    "TRANSCRIPT_FIELDS",
    "Metrics",
    "Segment",
    "Transcript",
    "TranscriptError",
    "Turn",
    "cues",
    "measure",
    "measure_again",
    "put_transcript",
    "read_transcript",
    "remove_transcript",
    "turns",
]
