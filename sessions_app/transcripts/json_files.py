"""JSON: the output of Amazon Transcribe, or a session that was exported from here."""

import json
from dataclasses import replace
from typing import Any, NoReturn

from django.core.exceptions import ValidationError

from sessions_app.transcripts import plain_text, transcribe
from sessions_app.transcripts.transcript import Transcript, TranscriptError
from sessions_app.validators import validate_storable

EXPORT_FORMAT = "tabletop-session"  # the value of "format" in an exported session

# An error may tell these keys; any other could be somebody's words.
KNOWN_KEYS = frozenset({
    "accountId", "alternatives", "audio_segments", "channel_label", "channel_labels", "channels",
    "confidence", "content", "end_time", "format", "id", "isRedacted", "items", "jobName",
    "language_code", "results", "segments", "speaker_label", "speaker_labels", "speaker_names",
    "speakers", "start_time", "status", "transcript", "transcript_json", "transcript_text",
    "transcripts", "type",
})  # fmt: skip


def read(text: str, shown: str) -> Transcript:
    """Read a JSON text. Raises ``TranscriptError``, which begins with ``shown``."""
    document = _parse(text, shown)
    _check_storable(document, shown)
    if not isinstance(document, dict):
        raise TranscriptError(f"{shown} is not a transcript of Amazon Transcribe: $ is no object.")
    if document.get("format") == EXPORT_FORMAT:
        return _read_exported(document, shown)
    return transcribe.read(document, shown)


def _read_exported(document: dict[str, Any], shown: str) -> Transcript:
    text = document.get("transcript_text") or ""
    inner = document.get("transcript_json")
    names = document.get("speaker_names") or {}
    if not isinstance(text, str):
        raise TranscriptError(f"{shown} is damaged: $.transcript_text is no text.")
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise TranscriptError(f"{shown} is damaged: $.speaker_names gives no names to labels.")
    if inner is None:
        if not text.strip():
            raise TranscriptError(f"{shown} is a session without a transcript.")
        return replace(plain_text.read(text, shown), speaker_names=names)
    read_again = transcribe.read(inner, shown, path="$.transcript_json")
    return Transcript(text or read_again.text, read_again.metrics, inner, names)


def _parse(text: str, shown: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise TranscriptError(f"{shown} is not JSON from {place} on.") from None
    except RecursionError:
        raise TranscriptError(f"{shown} is nested too deeply to be a transcript.") from None
    except ValueError:
        raise TranscriptError(f"{shown} has a number that cannot be kept.") from None


def _check_storable(document: Any, shown: str) -> None:
    try:
        validate_storable(document)
    except ValidationError as error:
        reason, place = error.messages[0].lower(), _place_of_unstorable(document)
        if place is None:  # no value is wrong, but how deep they lie
            raise TranscriptError(f"{shown} is nested too deeply to be a transcript.") from None
        raise TranscriptError(f"{shown} cannot be kept because of ${place}: {reason}") from None


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError  # NaN and Infinity are no JSON, though Python reads them


def _place_of_unstorable(value: Any) -> str | None:
    """Find the JSON path of the first value (or of the object with the first key) to be refused."""
    if isinstance(value, list):
        for number, child in enumerate(value):
            if (place := _place_of_unstorable(child)) is not None:
                return f"[{number}]{place}"
    elif isinstance(value, dict):
        for key, child in value.items():
            if not _is_storable(key):
                return ""
            if (place := _place_of_unstorable(child)) is not None:
                return f".{key if key in KNOWN_KEYS else '*'}{place}"
    elif not _is_storable(value):
        return ""
    return None


def _is_storable(value: Any) -> bool:
    try:
        validate_storable(value)
    except ValidationError:
        return False
    return True
