"""The transcript in a session that was exported as JSON from this site."""

from dataclasses import replace
from typing import Any

from sessions_app.transcripts import plain_text, transcribe
from sessions_app.transcripts.transcript import Transcript, TranscriptError

EXPORT_FORMAT = "tabletop-session"  # the value of "format" in an exported session


def is_exported_session(parsed: Any) -> bool:
    """Whether parsed JSON is a session that was exported from this site."""
    return isinstance(parsed, dict) and parsed.get("format") == EXPORT_FORMAT


def read(exported: dict[str, Any], source_name: str) -> Transcript:
    """Read the transcript of an exported session, with the names of its speakers.

    Raises ``TranscriptError``, which begins with ``source_name``.
    """
    text = exported.get("transcript_text") or ""
    job_output = exported.get("transcript_json")
    names = exported.get("speaker_names") or {}
    if not isinstance(text, str):
        raise TranscriptError(f"{source_name} is damaged: $.transcript_text is not a string.")
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise TranscriptError(
            f"{source_name} is damaged: $.speaker_names does not map labels to names."
        )
    if job_output is None:
        if not text.strip():
            raise TranscriptError(f"{source_name} is a session without a transcript.")
        return replace(plain_text.read(text, source_name), speaker_names=names)
    transcript = transcribe.read(job_output, source_name, path="$.transcript_json")
    return replace(transcript, text=text or transcript.text, speaker_names=names)
