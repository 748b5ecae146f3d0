"""From the bytes of a file, or of a pasted text, to a transcript."""

import codecs
import re
from pathlib import PurePath

from sessions_app.transcripts import json_files, plain_text, subtitles
from sessions_app.transcripts.transcript import Transcript, TranscriptError

MAX_BYTES = 10 * 1024 * 1024
NAMELESS = "The text"  # how an error calls what was pasted

# Text, but not of a form that is read here: taken as plain, it would make a session of markup.
OTHER_FORMATS = frozenset({".rtf", ".html", ".htm", ".xml", ".ttml", ".sbv", ".ass", ".csv"})
OTHER_BEGINNINGS = ("{\\rtf", "<?xml", "<!doctype", "<html")

LOOKS_LIKE_JSON = re.compile(r'\s*\{\s*"')
LOOKS_LIKE_SRT = re.compile(r"\s*\d+[ \t]*[\r\n][ \t]*[\d:,.]+[ \t]*-->")


def read_transcript(data: bytes, name: str = "") -> Transcript:
    """Read a transcript: output of Amazon Transcribe, WebVTT, SRT or plain text, in UTF-8.

    ``name`` is the file's, and empty for a text that was pasted. The content decides on the
    format where it is unmistakable, then the ending of the name; what remains is plain text,
    which is kept as it is but for a byte order mark and the line ends of Windows.

    Raises ``TranscriptError`` where the transcript is empty, larger than 10 MB, has too many lines,
    is not UTF-8, not of its format, or holds what PostgreSQL cannot keep. The message begins with
    ``name``, says in which line, byte or JSON path, and quotes nothing of the content.
    """
    shown = name or NAMELESS
    ending = PurePath(name).suffix.lower()
    if len(data) > MAX_BYTES:
        raise TranscriptError(f"{shown} is larger than {MAX_BYTES // 1024**2} MB.")
    text = _decode(data, shown)
    if not text.strip():
        raise TranscriptError(f"{shown} is empty.")
    if ending in OTHER_FORMATS or text[:20].lstrip().lower().startswith(OTHER_BEGINNINGS):
        raise TranscriptError(
            f"{shown} is not of a format that can be read: it takes the JSON of Amazon "
            "Transcribe, WebVTT, SRT or plain text."
        )
    if ending == ".json" or LOOKS_LIKE_JSON.match(text):
        return json_files.read(text, shown)
    if ending == ".vtt" or subtitles.is_webvtt(text.lstrip()):
        return subtitles.read_webvtt(text, shown)
    if ending == ".srt" or LOOKS_LIKE_SRT.match(text):
        return subtitles.read_srt(text, shown)
    return plain_text.read(text, shown)


def _decode(data: bytes, shown: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TranscriptError(f"{shown} is not UTF-8 but UTF-16 from byte 1 on: save it as UTF-8.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        # The decoder's own message, and its exception, quote the bytes.
        line = data.count(b"\n", 0, error.start) + 1
        place = f"line {line}, byte {error.start + 1} of the file"
        raise TranscriptError(f"{shown} is not UTF-8 text ({place}): save it as UTF-8.") from None
    nul = text.find("\x00")
    if nul >= 0:
        line = text.count("\n", 0, nul) + 1
        raise TranscriptError(f"{shown} has a null character in line {line}: it is not plain text.")
    return text.removeprefix("\ufeff").replace("\r\n", "\n")
