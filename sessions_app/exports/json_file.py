"""A session as JSON, complete, and what an archive says about a campaign.

``docs/exports.md`` describes both. ``sessions_app.importing.exported`` reads them.
"""

from typing import Any

import msgspec

from campaigns.models import Campaign
from mirror import exact_json
from sessions_app.exports.storage_signature import sign_storage
from sessions_app.models import Session
from sessions_app.transcripts import written_json
from sessions_app.transcripts.exported_session import EXPORT_FORMAT, EXPORT_VERSION

CAMPAIGN_FORMAT = "tabletop-campaign"  # the value of "format"

LAST = "transcript_json"
# In the order of the file: what people read first, the transcript last.
JSON_FIELDS = (
    "name",
    "description",
    "notes",
    "summary",
    "player_recap",
    "audio_storage_key",
    "transcription_job_id",
    "speaker_names",
    "metrics",
    "transcript_text",
    LAST,
)


def as_json(session: Session) -> bytes:
    """Write everything about a session but its share link, under the names of the model's fields.

    The file begins with ``"format"``, by which it is recognised.
    """
    values: dict[str, Any] = {
        "format": EXPORT_FORMAT,
        "version": EXPORT_VERSION,
        "id": str(session.pk),
        "campaign": session.campaign and session.campaign.name,
        "campaign_id": session.campaign_id and str(session.campaign_id),
        "created_at": session.created_at.isoformat(),
        "updated_at": session.updated_at.isoformat(),
        "played_on": session.played_on and session.played_on.isoformat(),
        "storage_signature": sign_storage(session.audio_storage_key, session.transcription_job_id),
        "highlights": [
            {
                "quote": highlight.quote,
                "speaker": highlight.speaker,
                "start": highlight.start,
                "turn": highlight.turn,
                "created_at": highlight.created_at.isoformat(),
            }
            for highlight in session.highlights.all()
        ],
    }
    values |= {field: getattr(session, field) for field in JSON_FIELDS if field != LAST}
    # As Python objects a long transcript would take five times the memory.
    transcript = msgspec.json.format(written_json(session) or b"null", indent=-1)
    return b'%b,"%b":%b}\n' % (_dump(values)[:-1], LAST.encode(), transcript)


def campaign_as_json(campaign: Campaign) -> bytes:
    """Write what an archive says about a campaign; its sessions have files of their own."""
    about = _dump(
        {
            "format": CAMPAIGN_FORMAT,
            "version": EXPORT_VERSION,
            "id": str(campaign.pk),
            "created_at": campaign.created_at.isoformat(),
            "updated_at": campaign.updated_at.isoformat(),
            "name": campaign.name,
            "description": campaign.description,
            "language": campaign.language,
        }
    )
    return about + b"\n"


def _dump(values: dict[str, Any]) -> bytes:
    # Without indents: with them an evening takes twice the space and ten times the time.
    return exact_json.dump(values, ensure_ascii=False, separators=(",", ":")).encode()
