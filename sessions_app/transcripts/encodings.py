"""Decodes a text file: UTF-8, UTF-16 with its mark, or Windows-1252, which older programs write."""

import codecs
import re

from sessions_app.transcripts.transcript import TranscriptError, in_line

FALLBACK = "as-windows-1252"  # the name under which Python finds the handler of bad bytes
CHUNK = 1024 * 1024
# What no text has. ESC and others occur in logs of terminals, so they are not among these.
CONTROL_CHARACTER = re.compile("[\x01-\x06\x0e-\x1a\x1c-\x1f]")


def decode(data: bytes, source_name: str) -> tuple[str, list[str]]:
    """Return the text of a file, and notes for the person on how it was read.

    A byte that is not UTF-8 is read as Windows-1252. Raises ``TranscriptError`` if the file is no
    text.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text, notes = data.decode("utf-16", errors="replace"), ["Read as UTF-16."]
    else:
        text, notes = _decode_bytes(data, source_name)
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise TranscriptError(
            f"{source_name} is not a text file: line {line} has a null character."
        )
    if notes and CONTROL_CHARACTER.search(text):
        raise TranscriptError(f"{source_name} is not a text file.")
    return text.removeprefix("\ufeff"), notes


def is_utf8(data: bytes) -> bool:
    """Whether these bytes are UTF-8. The text of a large file is never in memory as a whole."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), CHUNK):
            decoder.decode(data[start : start + CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decode_bytes(data: bytes, source_name: str) -> tuple[str, list[str]]:
    try:
        return data.decode(), []
    except UnicodeDecodeError as error:
        first = data.count(b"\n", 0, error.start) + 1
    try:
        text = data.decode(errors=FALLBACK)
    except UnicodeDecodeError as error:  # its message would quote the bytes
        line = data.count(b"\n", 0, error.start) + 1
        raise TranscriptError(
            f"{in_line(source_name, line)}: this is neither UTF-8 nor Windows-1252. "
            "Save the file as UTF-8."
        ) from None
    # In UTF-8 every such character takes two bytes or more.
    is_mixed = len(text) != len(data)
    return text, [
        f"Read as UTF-8, but in part as Windows-1252, first in line {first}."
        if is_mixed
        else "Read as Windows-1252."
    ]


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    try:
        return error.object[error.start : error.end].decode("windows-1252"), error.end
    except UnicodeDecodeError:
        raise error from None  # it has the place in the file


codecs.register_error(FALLBACK, _as_windows_1252)
