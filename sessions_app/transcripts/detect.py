"""Decides which format a file or a pasted text has, and reads it. No other module decides that."""

import re
from dataclasses import replace
from pathlib import PurePath

from sessions_app.transcripts import (
    encodings,
    exported_session,
    json_text,
    plain_text,
    subtitles,
    transcribe,
)
from sessions_app.transcripts.transcript import PASTED_NAME, Transcript, TranscriptError

# Guards of the worker's memory: no evening comes near them. The limits that a person may meet are
# of values in JSON, cues, lines and speakers, and each is beside its parser.
MAX_BYTES = 64 * 1024 * 1024
MAX_TEXT_BYTES = 10 * 1024 * 1024  # of everything but JSON

# What cannot be read, by extension. Read as plain text, the markup would become the transcript.
OTHER_FORMATS = {
    ".doc": "Word files",
    ".docx": "Word files",
    ".odt": "OpenDocument files",
    ".rtf": "RTF files",
    ".pdf": "PDF files",
    ".htm": "Web pages",
    ".html": "Web pages",
    ".csv": "Tables",
    ".xls": "Tables",
    ".xlsx": "Tables",
}
OTHER_SUBTITLES = {".xml", ".ttml", ".sbv", ".ass", ".ssa"}
OTHER_BEGINNINGS = {b"{\\rtf": ".rtf", b"<!doc": ".html", b"<html": ".html", b"<?xml": ".xml",
                    b"%pdf-": ".pdf"}  # fmt: skip
RECORDINGS = {".mp3", ".m4a", ".mp4", ".wav", ".ogg", ".opus", ".flac", ".webm", ".mkv", ".mov"}

LOOKS_LIKE_JSON = re.compile(rb'\s*\{\s*"')
LOOKS_LIKE_SRT = re.compile(r"\s*\d+[ \t]*[\r\n]\s*[\d:,.]+[ \t]*-->")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_transcript(data: bytes, file_name: str = "") -> Transcript:
    """Read a transcript.

    It may be the output of Amazon Transcribe, a session exported by this site, WebVTT, SRT or
    plain text; in UTF-8, UTF-16 or Windows-1252. ``file_name`` is empty for a text that was
    pasted. An unmistakable beginning of the content or the extension of the file name decides the
    format; anything else is plain text. Plain text is kept unchanged, apart from a byte order mark
    and Windows line ends.

    Raises ``TranscriptError`` if the transcript is empty, too long, no text or not valid in its
    format, or contains what PostgreSQL cannot store. The message begins with ``file_name``, names
    the line or the JSON path, and quotes nothing that was said.
    """
    source_name = file_name or PASTED_NAME
    extension = PurePath(file_name).suffix.lower()
    if len(data) > MAX_BYTES:
        raise TranscriptError(f"{source_name} is larger than {MAX_BYTES // 1024**2} MB.")
    _refuse_other_formats(data, extension, source_name)
    data = data.removeprefix(BYTE_ORDER_MARK)
    if (extension == ".json" or LOOKS_LIKE_JSON.match(data)) and encodings.is_utf8(data):
        given = [data]
        del data
        return _read_json(given, source_name)
    if len(data) > MAX_TEXT_BYTES:
        raise TranscriptError(
            f"{source_name} is too long: a transcript may have {MAX_TEXT_BYTES // 1024**2} MB of "
            "text, some hundred hours of talk. Divide it into several sessions."
        )
    text, notes = encodings.decode(data, source_name)
    transcript = _read_text(text.replace("\r\n", "\n"), extension, source_name)
    return replace(transcript, notes=notes + transcript.notes)


def _read_json(given: list[bytes], source_name: str) -> Transcript:
    """Read the only element of a list, and take it out, so that nobody keeps it in memory."""
    if not given[0] or given[0].isspace():
        raise TranscriptError(f"{source_name} is empty.")
    is_export = exported_session.format_of(given[0]) is not None
    checked = json_text.check(given.pop(), source_name, is_export=is_export)
    if exported_session.is_exported_session(checked):
        return exported_session.read(checked, source_name)
    return transcribe.read(checked, source_name)


def _read_text(text: str, extension: str, source_name: str) -> Transcript:
    if not text.strip():
        raise TranscriptError(f"{source_name} is empty.")
    if extension == ".json" or LOOKS_LIKE_JSON.match(text[:1000].encode()):
        return _read_json([text.encode()], source_name)
    if extension == ".vtt" or subtitles.is_webvtt(text.lstrip()):
        return subtitles.read_webvtt(text, source_name)
    if extension == ".srt" or LOOKS_LIKE_SRT.match(text):
        return subtitles.read_srt(text, source_name)
    return plain_text.read(text, source_name)


def _refuse_other_formats(data: bytes, extension: str, source_name: str) -> None:
    name = "" if source_name == PASTED_NAME else f"{source_name}: "
    extension = OTHER_BEGINNINGS.get(data[:100].lstrip().lower()[:5], extension)
    if extension in OTHER_FORMATS:
        kind = OTHER_FORMATS[extension]
        raise TranscriptError(f"{name}{kind} can't be read. Save it as plain text.")
    if extension in OTHER_SUBTITLES:
        raise TranscriptError(f"{name}These subtitles can't be read. Save them as WebVTT or SRT.")
    if extension in RECORDINGS:
        raise TranscriptError(f"{name}Recordings can't be read. Choose the transcript instead.")
