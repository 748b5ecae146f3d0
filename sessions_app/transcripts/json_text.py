"""JSON that was uploaded is checked as text, and stored as it is.

As Python objects it would take five times the memory. So nothing here or in ``transcribe`` makes
objects of more than what is needed of it.
"""

import codecs
import re
from contextlib import suppress
from decimal import Decimal
from itertools import accumulate

import msgspec

from sessions_app.transcripts.transcript import TranscriptError
from sessions_app.validators import MAX_DEPTH, is_numeric

# Both are more than Amazon Transcribe writes for 100,000 words: 12 to 15 values and 300 bytes each.
# With more, a worker would need over 300 MB.
MAX_VALUES = 1_650_000
MAX_COMPACT_BYTES = 36 * 1024 * 1024

STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
A_STRING = re.compile(STRING, re.DOTALL)
SOME_STRINGS = re.compile(rb'(?:[^"]*+' + STRING + rb"){1,5000}+", re.DOTALL)
UNUSUAL_NUMBER = re.compile(
    rb"(?<![\d.])(?:[\d.]{300,}+(?:[eE][-+]?\d+)?|[\d.]++[eE][-+]?\d+)"  # linear, whatever comes
)
# An escape; of those of Unicode, two that belong together, or one that PostgreSQL cannot store.
ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<half>u[dD][89a-fA-F]..)|(?P<null>u0000)|.)",
    re.DOTALL,
)
NESTING = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}
NOT_NESTING = bytes(set(range(256)) - set(NESTING))


class Export(msgspec.Struct):
    """Of an exported session, what is limited by itself."""

    transcript_json: msgspec.Raw = msgspec.Raw(b"")


def check(data: bytes, source_name: str, *, is_export: bool = False) -> bytes:
    """Return the JSON without spaces, once it is certain that PostgreSQL can store it.

    ``data`` is UTF-8. Of an export, the transcript may be as long as any, whatever else is with
    it: a session that could be stored can be brought back.

    Raises ``TranscriptError``. The message begins with ``source_name``, names the line and quotes
    nothing.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    if wrong := next((found for found in ESCAPE.finditer(data) if found.lastgroup), None):
        line = data.count(b"\n", 0, wrong.start()) + 1
        what = "half of a character" if wrong["half"] else "a null character"
        raise TranscriptError(f"{source_name} has {what} in line {line}, which cannot be stored.")
    compact = _compact(data, source_name)
    del data  # unless a caller keeps it, its memory is free again
    if _is_too_long(compact, is_export=is_export):
        raise TranscriptError(_too_long(source_name))
    without_strings = _without_strings(compact)
    if not all(map(_is_storable_number, UNUSUAL_NUMBER.findall(without_strings))):
        raise TranscriptError(
            f"{source_name} has a number that is too large, too small or too long to be stored."
        )
    brackets = without_strings.translate(None, NOT_NESTING)
    if max(accumulate(map(NESTING.__getitem__, brackets)), default=0) > MAX_DEPTH:
        raise TranscriptError(_too_deep(source_name))
    return compact


def _is_too_long(compact: bytes, *, is_export: bool) -> bool:
    transcript = b""
    if is_export:
        with suppress(msgspec.ValidationError):  # it is no object
            transcript = bytes(msgspec.json.decode(compact, type=Export).transcript_json)
    values = _count_values(transcript)
    return (
        max(values, _count_values(compact) - values) > MAX_VALUES
        or max(len(transcript), len(compact) - len(transcript)) > MAX_COMPACT_BYTES
    )


def _count_values(data: bytes) -> int:
    return sum(map(data.count, (b"{", b"[", b",")))  # one stands before each value


def _compact(data: bytes, source_name: str) -> bytes:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)  # ``format`` alone does not check everything
        return msgspec.json.format(data, indent=-1)
    except RecursionError:
        raise TranscriptError(_too_deep(source_name)) from None
    except msgspec.DecodeError as error:
        place = re.search(r"\(byte (\d+)\)$", str(error))
        before = data[: int(place[1])] if place else data
        line, column = (
            before.count(b"\n") + 1,
            len(before.rpartition(b"\n")[2].decode(errors="ignore")) + 1,
        )
        raise TranscriptError(f"{source_name} is broken at line {line}, column {column}.") from None


def _without_strings(data: bytes) -> bytes:
    """Remove the strings, some at a time: all at once would take ten times the memory."""
    pieces, end = [], 0
    while some := SOME_STRINGS.match(data, end):
        pieces.append(A_STRING.sub(b"", some[0]))
        end = some.end()
    return b"".join([*pieces, data[end:]])


def _is_storable_number(number: bytes) -> bool:
    try:
        return is_numeric(Decimal(number.decode()))
    except ArithmeticError:  # an exponent of twenty digits
        return False


def _too_long(source_name: str) -> str:
    return (
        f"{source_name} is too long: a transcript in JSON may have about 100,000 words, some ten "
        "hours of talk. Divide it into several sessions."
    )


def _too_deep(source_name: str) -> str:
    return f"{source_name} is nested too deeply to be a transcript."
