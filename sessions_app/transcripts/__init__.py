"""Transcripts: reading files of several formats, storing, metrics, and turns for display.

``read_transcript`` makes a ``Transcript`` of a file; ``put_transcript`` stores it in a session;
``turns`` and ``cues`` read it out again.
"""

from sessions_app.transcripts.detect import MAX_BYTES, read_transcript
from sessions_app.transcripts.metrics import compute_metrics, count_words
from sessions_app.transcripts.session_transcript import (
    TRANSCRIPT_FIELDS,
    cues,
    put_transcript,
    recompute_metrics,
    remove_transcript,
    segments,
    turns,
    written_json,
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
    "compute_metrics",
    "count_words",
    "cues",
    "put_transcript",
    "read_transcript",
    "recompute_metrics",
    "remove_transcript",
    "segments",
    "turns",
    "written_json",
]
