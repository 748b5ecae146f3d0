"""Parses JSON, and checks that PostgreSQL can store it."""

import json
from typing import Any, NoReturn

from django.core.exceptions import ValidationError

from mirror.exact_json import ExactDecoder
from sessions_app.transcripts.transcript import TranscriptError
from sessions_app.validators import validate_storable

# The keys that an error message may quote. Any other key could be what somebody wrote.
KNOWN_KEYS = frozenset({
    "accountId", "alternatives", "audio_segments", "channel_label", "channel_labels", "channels",
    "confidence", "content", "end_time", "format", "id", "isRedacted", "items", "jobName",
    "language_code", "results", "segments", "speaker_label", "speaker_labels", "speaker_names",
    "speakers", "start_time", "status", "transcript", "transcript_json", "transcript_text",
    "transcripts", "type",
})  # fmt: skip


def parse(text: str, source_name: str) -> Any:
    """Parse a JSON text that can be stored.

    Raises ``TranscriptError``. The message begins with ``source_name`` and names the line or the
    JSON path.
    """
    parsed = _parse(text, source_name)
    try:
        validate_storable(parsed)
    except ValidationError as error:
        path = _path_of_unstorable(parsed)
        if path is None:  # every value is valid on its own, but they are nested too deeply
            raise TranscriptError(_too_deep(source_name)) from None
        reason = error.messages[0].lower()
        raise TranscriptError(
            f"{source_name} cannot be stored because of ${path}: {reason}"
        ) from None
    return parsed


def _parse(text: str, source_name: str) -> Any:
    try:
        return json.loads(text, cls=ExactDecoder, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise TranscriptError(f"{source_name} is not valid JSON ({place}).") from None
    except RecursionError:
        raise TranscriptError(_too_deep(source_name)) from None
    except ValueError:
        raise TranscriptError(f"{source_name} has a number that cannot be stored.") from None


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError  # NaN and Infinity are not JSON, though Python reads them


def _too_deep(source_name: str) -> str:
    return f"{source_name} is nested too deeply to be a transcript."


def _path_of_unstorable(value: Any) -> str | None:
    """Return the JSON path of the first value that cannot be stored; ``None`` if there is none.

    For a key that cannot be stored it is the path of the object that has the key.
    """
    if isinstance(value, list):
        for index, child in enumerate(value):
            if (path := _path_of_unstorable(child)) is not None:
                return f"[{index}]{path}"
    elif isinstance(value, dict):
        for key, child in value.items():
            if not _is_storable(key):
                return ""
            if (path := _path_of_unstorable(child)) is not None:
                return f".{key if key in KNOWN_KEYS else '*'}{path}"
    elif not _is_storable(value):
        return ""
    return None


def _is_storable(value: Any) -> bool:
    try:
        validate_storable(value)
    except ValidationError:
        return False
    return True
