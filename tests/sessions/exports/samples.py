"""Sessions to export."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.support.transcribe_files import session_with

EVENING_AT = datetime(2026, 2, 6, 19, 30, 2, tzinfo=UTC)

# Every field that an export has, and SECRET in the one that it must not have.
ALL_FIELDS = {
    "campaign": Campaign(name="The *Long*\nShoal"),
    "description": "Three days of fog.",
    "notes": "## Fog\n\n- Hour 6",
    "summary": "They *rang*.",
    "player_recap": "You rang.",
    "speaker_names": {"spk_0": "Ruth_1"},
    "played_on": date(2026, 2, 6),
    "share_token": "SECRET",
    "audio_storage_key": "audio/fog.flac",
    "transcription_job_id": "fog-1",
}


def sample_session(data: bytes | str = "", **fields: Any) -> Session:
    """Return an unsaved session called Fog, with a transcript if there is ``data``."""
    defaults = {"name": "Fog", "created_at": EVENING_AT, "updated_at": EVENING_AT}
    fields = defaults | fields
    if not data:
        return Session(**fields)
    session = session_with(data, **fields)
    session.speaker_names = fields.get("speaker_names")  # reading a job's output drops the names
    return session
