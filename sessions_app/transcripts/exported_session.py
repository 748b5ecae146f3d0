"""The transcript in a session that was exported as JSON from this site.

``sessions_app.importing`` brings the whole session back.
"""

import re
from dataclasses import replace
from typing import Any

from sessions_app.transcripts import plain_text, transcribe
from sessions_app.transcripts.transcript import Transcript, TranscriptError

EXPORT_FORMAT = "tabletop-session"  # the value of "format" in an exported session
EXPORT_VERSION = 2  # of all that is exported as JSON; docs/exports.md has the history

# An export of a session or campaign begins so. Other programs keep the order of the keys.
BEGINNING = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"format"\s*:\s*"(tabletop-[a-z]+)"')


def format_of(beginning: bytes) -> str | None:
    """Return the format that a file from this site names at its beginning; ``None`` for others."""
    match = BEGINNING.match(beginning)
    return match[1].decode() if match else None


def is_exported_session(parsed: Any) -> bool:
    """Whether parsed JSON is a session that was exported from this site."""
    return isinstance(parsed, dict) and parsed.get("format") == EXPORT_FORMAT


def check_version(exported: dict[str, Any], source_name: str) -> None:
    """Refuse what a newer version of this site wrote. Raises ``TranscriptError``."""
    version = exported.get("version", 1)
    if not isinstance(version, int) or version < 1:
        raise TranscriptError(f"{source_name} is damaged: $.version is not a number.")
    if version > EXPORT_VERSION:
        raise TranscriptError(
            f"{source_name} was exported by a newer version of this site, which this one cannot "
            "read: update this site first."
        )


def read(exported: dict[str, Any], source_name: str) -> Transcript:
    """Read the transcript of an exported session, with the names of its speakers.

    Raises ``TranscriptError``, which begins with ``source_name``.
    """
    check_version(exported, source_name)
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
