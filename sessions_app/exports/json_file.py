"""A session as JSON, complete."""

import io
import json
from typing import Any

from mirror.exact_json import ExactEncoder
from sessions_app.models import Session
from sessions_app.transcripts.exported_session import EXPORT_FORMAT

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
    """Write the texts, the transcript and its metrics, under the names of the model's fields."""
    values: dict[str, Any] = {
        "format": EXPORT_FORMAT,
        "version": 1,
        "id": str(session.pk),
        "campaign": session.campaign and session.campaign.name,
        "created_at": session.created_at.isoformat(),
        "updated_at": session.updated_at.isoformat(),
    }
    values |= {field: getattr(session, field) for field in JSON_FIELDS}
    # json.dump writes piece by piece; json.dumps would collect a list many times as large.
    text = io.StringIO()
    json.dump(values, text, ensure_ascii=False, indent=2, cls=ExactEncoder)
    return text.getvalue() + "\n"
