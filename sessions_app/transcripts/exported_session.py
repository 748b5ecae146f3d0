"""The transcript in a session that was exported as JSON from this site.

``sessions_app.importing`` brings the whole session back.
"""

import re
from dataclasses import replace
from typing import Any

import msgspec

from sessions_app.transcripts import plain_text, transcribe
from sessions_app.transcripts.transcribe.values import UnexpectedValue, decode
from sessions_app.transcripts.transcript import Transcript, TranscriptError

EXPORT_FORMAT = "tabletop-session"  # the value of "format" in an exported session
EXPORT_VERSION = 2  # of all that is exported as JSON; docs/exports.md has the history

# An export of a session or campaign begins so. Other programs keep the order of the keys.
BEGINNING = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"format"\s*:\s*"(tabletop-[a-z]+)"')


def format_of(beginning: bytes) -> str | None:
    """Return the format that a file from this site names at its beginning; ``None`` for others."""
    match = BEGINNING.match(beginning)
    return match[1].decode() if match else None


class Head(msgspec.Struct):
    """Enough to recognise an export."""

    format: msgspec.Raw = msgspec.Raw(b"null")


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


class ExportedSession(msgspec.Struct):
    """What is read of an export."""

    version: int = 1
    transcript_text: str | None = None
    transcript_json: msgspec.Raw = msgspec.Raw(b"null")
    speaker_names: dict[str, str] | None = None


def is_exported_session(data: bytes) -> bool:
    """Whether JSON is a session that was exported from this site."""
    try:
        return bytes(decode(data, Head).format) == f'"{EXPORT_FORMAT}"'.encode()
    except UnexpectedValue:
        return False


def read(data: bytes, source_name: str) -> Transcript:
    """Read the transcript of an exported session, with the names of its speakers.

    Raises ``TranscriptError``, which begins with ``source_name``.
    """
    try:
        exported = decode(data, ExportedSession)
    except UnexpectedValue as error:
        raise TranscriptError(f"{source_name} is damaged: ${error.path} {error.problem}.") from None
    check_version({"version": exported.version}, source_name)
    text = exported.transcript_text or ""
    job_output = bytes(exported.transcript_json)
    names = exported.speaker_names or {}
    if job_output == b"null":
        if not text.strip():
            raise TranscriptError(f"{source_name} is a session without a transcript.")
        return replace(plain_text.read(text, source_name), speaker_names=names)
    transcript = transcribe.read(job_output, source_name, path="$.transcript_json")
    return replace(transcript, text=text or transcript.text, speaker_names=names)
