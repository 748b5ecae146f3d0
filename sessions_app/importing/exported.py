"""Reads exported JSON: a session with everything that belongs to it, or a campaign.

Nobody knows what has become of a file outside of this site, so every value is checked.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.core.exceptions import ValidationError
from django.db.models import Model

from campaigns.models import Campaign
from mirror import exact_json
from sessions_app.exports.json_file import CAMPAIGN_FORMAT, JSON_FIELDS
from sessions_app.exports.storage_signature import is_signed
from sessions_app.highlights import MAX_HIGHLIGHTS, MAX_QUOTE
from sessions_app.importing.file_names import FIRST_YEAR, day_in
from sessions_app.importing.incoming import Incoming, IncomingCampaign, IncomingSession, Origin
from sessions_app.json_fields import JSONText
from sessions_app.models import Highlight, Session
from sessions_app.transcripts import (
    TranscriptError,
    encodings,
    json_text,
    plain_text,
    recompute_metrics,
)
from sessions_app.transcripts.exported_session import EXPORT_FORMAT, check_version

T = TypeVar("T")

FORMATS = (EXPORT_FORMAT, CAMPAIGN_FORMAT)
MAX_SECONDS = 10**9  # from the start of a recording
STORAGE_FIELDS = ("audio_storage_key", "transcription_job_id")


def read_exported(data: bytes, source: str, *, trusted: bool) -> Incoming:
    """Read a session or a campaign. Storage keys without a signature need a ``trusted`` file.

    Raises ``TranscriptError``, whose message begins with ``source`` and quotes no value.
    """
    if not encodings.is_utf8(data):
        raise TranscriptError(f"{source} is damaged: it is not UTF-8.")
    given = [data]
    del data  # the checked one is all that is needed
    values = Values(_read_values(json_text.check(given.pop(), source, is_export=True)), source)
    check_version(values.values, source)
    if values.values.get("format") == CAMPAIGN_FORMAT:
        return _read_campaign(values)
    return _read_session(values, trusted=trusted)


def _read_values(data: bytes) -> Any:
    """Decode what an export has, apart from the JSON of the transcript, which may be large."""
    try:
        raw = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return None
    transcript_json = bytes(raw.pop("transcript_json", b"null"))
    values = {key: exact_json.load(bytes(value)) for key, value in raw.items()}
    if transcript_json != b"null":
        values["transcript_json"] = JSONText(transcript_json)
    return values


class Values:
    """The values of a JSON object, each of which must have the expected type."""

    def __init__(self, values: Any, source: str, path: str = "$") -> None:
        self.source = source
        self.path = path
        if not isinstance(values, dict):
            raise self.damaged("", "is not an object")
        self.values: dict[str, Any] = values

    def damaged(self, key: str, problem: str) -> TranscriptError:
        """Return the error for a value."""
        return TranscriptError(f"{self.source} is damaged: {self.path}{key} {problem}.")

    def get(self, key: str, expected: type[T], default: T) -> T:
        """Return a value of the expected type, or the default if it is missing or null."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, expected) or isinstance(value, bool):
            raise self.damaged(f".{key}", "is not what an export has there")
        return value

    def text(self, key: str) -> str:
        """Return a text, which may be empty."""
        return self.get(key, str, "")

    def number(self, key: str) -> float | None:
        """Return a number of seconds."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self.damaged(f".{key}", "is not a number")
        if not 0 <= value <= MAX_SECONDS:
            raise self.damaged(f".{key}", "is not a time in seconds")
        return float(value)

    def uuid(self, key: str) -> UUID | None:
        """Return an id."""
        text = self.text(key)
        try:
            return UUID(text) if text else None
        except ValueError:
            raise self.damaged(f".{key}", "is not an id") from None

    def day(self, key: str) -> date | None:
        """Return a date."""
        text = self.text(key)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise self.damaged(f".{key}", "is not a date") from None

    def past(self, key: str) -> datetime | None:
        """Return a time in UTC; ``None`` if a clock was wrong: in the future, or long ago."""
        text = self.text(key)
        try:
            moment = datetime.fromisoformat(text) if text else None
        except ValueError:
            raise self.damaged(f".{key}", "is not a time") from None
        if moment is None or moment.tzinfo is None:
            return None
        if moment.year < FIRST_YEAR or moment > datetime.now(UTC):
            return None
        return moment.astimezone(UTC)  # PostgreSQL takes no offset of 16 hours or more

    def check(self, row: Model, *, exclude: set[str]) -> None:
        """Let the model check the fields of a row."""
        try:
            row.clean_fields(exclude=exclude)
        except ValidationError as error:
            raise self.damaged(f".{next(iter(error.message_dict))}", "is not valid") from None


def _read_campaign(values: Values) -> IncomingCampaign:
    row = Campaign(
        name=values.text("name"),
        description=values.text("description"),
        language=values.text("language"),
    )
    row.pk = values.uuid("id") or row.pk
    values.check(row, exclude={"owner", "share_token"})
    return IncomingCampaign(row, values.past("created_at"))


def _read_session(values: Values, *, trusted: bool) -> IncomingSession:
    row = Session(**{field: values.text(field) for field in JSON_FIELDS if _is_text(field)})
    row.pk = values.uuid("id") or row.pk
    row.played_on = values.day("played_on") or day_in(row.name if _says_no_day(values) else "")
    row.speaker_names = values.get("speaker_names", dict, {}) or None
    row.transcript_json = values.values.get("transcript_json")
    row.metrics = values.values.get("metrics")
    values.check(row, exclude={"owner", "campaign", "share_token", "transcript_json"})
    plain_text.read(row.transcript_text, values.source)  # refuses too many lines
    if row.metrics is None:
        recompute_metrics(row)
    return IncomingSession(
        values.source,
        row,
        is_export=True,
        origin=_origin(values),
        created_at=values.past("created_at"),
        highlights=_read_highlights(values),
        notes=() if trusted else _drop_unsigned_keys(row, values.text("storage_signature")),
    )


def _is_text(field: str) -> bool:
    return not Session._meta.get_field(field).null


def _says_no_day(values: Values) -> bool:
    return "played_on" not in values.values  # version 1


def _origin(values: Values) -> Origin | None:
    name = values.text("campaign")
    if len(name) > (Campaign._meta.get_field("name").max_length or 0):
        raise values.damaged(".campaign", "is not valid")
    return Origin(values.uuid("campaign_id"), name) if name else None


def _read_highlights(values: Values) -> list[Highlight]:
    items = values.get("highlights", list, [])
    if len(items) > MAX_HIGHLIGHTS:
        raise values.damaged(".highlights", f"has more than {MAX_HIGHLIGHTS:,} entries")
    highlights = []
    for index, item in enumerate(items):
        found = Values(item, values.source, f"$.highlights[{index}]")
        highlight = Highlight(
            quote=found.text("quote"),
            speaker=found.text("speaker"),
            start=found.number("start"),
            turn=found.get("turn", int, 0),
        )
        highlight.created_at = found.past("created_at") or datetime.now(UTC)
        found.check(highlight, exclude={"session"})
        if len(highlight.quote) > MAX_QUOTE:  # which Django checks in forms alone
            raise found.damaged(".quote", "is not valid")
        highlights.append(highlight)
    return highlights


def _drop_unsigned_keys(row: Session, signature: str) -> tuple[str, ...]:
    """Clear storage keys that this site did not sign, and return what to tell the person."""
    keys = [getattr(row, field) for field in STORAGE_FIELDS]
    if not any(keys) or is_signed(signature, *keys):
        return ()
    for field in STORAGE_FIELDS:
        setattr(row, field, "")
    return ("The link to the recording was left out: another site wrote this file.",)
