"""A session as JSON: all of it."""

import io
import json
from typing import Any

from sessions_app.models import Session
from sessions_app.transcripts.json_files import EXPORT_FORMAT

JSON_FIELDS = (
    "name",
    "description",
    "notes",
    "summary",
    "player_recap",
    "speaker_names",
    "metrics",
    "transcript_text",
    "transcript_json",
)


def as_json(session: Session) -> str:
    """Write all that was typed, transcribed and counted, under the names of the model's fields."""
    values: dict[str, Any] = {
        "format": EXPORT_FORMAT,
        "version": 1,
        "id": str(session.pk),
        "campaign": session.campaign and session.campaign.name,
        "created_at": session.created_at.isoformat(),
        "updated_at": session.updated_at.isoformat(),
    }
    values |= {field: getattr(session, field) for field in JSON_FIELDS}
    text = io.StringIO()  # takes the pieces as they come; a list of them is many times their size
    json.dump(values, text, ensure_ascii=False, indent=2)
    return text.getvalue() + "\n"
