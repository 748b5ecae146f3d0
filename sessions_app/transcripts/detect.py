"""Decides which format a file or a pasted text has, and reads it. No other module decides that."""

import codecs
import re
from pathlib import PurePath

from sessions_app.transcripts import (
    exported_session,
    json_parser,
    plain_text,
    subtitles,
    transcribe,
)
from sessions_app.transcripts.transcript import Transcript, TranscriptError

MAX_BYTES = 10 * 1024 * 1024
PASTED_NAME = "The text"  # what error messages call a text that was pasted

# Text formats that are not supported. Read as plain text, their markup would become the transcript.
UNSUPPORTED_EXTENSIONS = frozenset(
    {".rtf", ".html", ".htm", ".xml", ".ttml", ".sbv", ".ass", ".csv"}
)
UNSUPPORTED_BEGINNINGS = ("{\\rtf", "<?xml", "<!doctype", "<html")

LOOKS_LIKE_JSON = re.compile(r'\s*\{\s*"')
LOOKS_LIKE_SRT = re.compile(r"\s*\d+[ \t]*[\r\n][ \t]*[\d:,.]+[ \t]*-->")


def read_transcript(data: bytes, file_name: str = "") -> Transcript:
    """Read a transcript in UTF-8.

    It may be the output of Amazon Transcribe, a session exported by this site, WebVTT, SRT or
    plain text. ``file_name`` is empty for a text that was pasted. An unmistakable beginning of
    the content or the extension of the file name decides the format; anything else is plain text.
    Plain text is kept unchanged, apart from a byte order mark and Windows line ends.

    Raises ``TranscriptError`` if the transcript is empty, larger than 10 MB, not UTF-8 or not
    valid in its format, has too many lines, or contains what PostgreSQL cannot store. The message
    begins with ``file_name``, names the line, byte or JSON path, and quotes none of the content.
    """
    source_name = file_name or PASTED_NAME
    extension = PurePath(file_name).suffix.lower()
    if len(data) > MAX_BYTES:
        raise TranscriptError(f"{source_name} is larger than {MAX_BYTES // 1024**2} MB.")
    text = _decode(data, source_name)
    if not text.strip():
        raise TranscriptError(f"{source_name} is empty.")
    if _is_unsupported(text, extension):
        raise TranscriptError(
            f"{source_name} is not in a supported format: the JSON of Amazon Transcribe, WebVTT, "
            "SRT or plain text."
        )
    if extension == ".json" or LOOKS_LIKE_JSON.match(text):
        parsed = json_parser.parse(text, source_name)
        if exported_session.is_exported_session(parsed):
            return exported_session.read(parsed, source_name)
        return transcribe.read(parsed, source_name)
    if extension == ".vtt" or subtitles.is_webvtt(text.lstrip()):
        return subtitles.read_webvtt(text, source_name)
    if extension == ".srt" or LOOKS_LIKE_SRT.match(text):
        return subtitles.read_srt(text, source_name)
    return plain_text.read(text, source_name)


def _decode(data: bytes, source_name: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TranscriptError(f"{source_name} is UTF-16: save it as UTF-8.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        # The message of the decoder quotes the bytes, and so does its exception.
        line = data.count(b"\n", 0, error.start) + 1
        place = f"line {line}, byte {error.start + 1} of the file"
        raise TranscriptError(
            f"{source_name} is not UTF-8 text ({place}): save it as UTF-8."
        ) from None
    nul = text.find("\x00")
    if nul >= 0:
        line = text.count("\n", 0, nul) + 1
        raise TranscriptError(
            f"{source_name} has a null character in line {line}: it is not plain text."
        )
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _is_unsupported(text: str, extension: str) -> bool:
    beginning = text[:20].lstrip().lower()
    return extension in UNSUPPORTED_EXTENSIONS or beginning.startswith(UNSUPPORTED_BEGINNINGS)
