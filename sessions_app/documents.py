"""What sessions and highlights look like in DynamoDB, and transcripts in S3."""

from collections.abc import Sequence
from typing import Any

from mirror import exact_json
from mirror.documents import (
    Body,
    Document,
    KeyPrefix,
    NativeAttribute,
    TextAttribute,
    TimeAttribute,
    WholeNumberAttribute,
    register,
)
from sessions_app.models import Highlight, Session


@register(
    Session,
    entity="session",
    long_texts=["notes", "summary", "player_recap", "description"],
    body_folders=["transcripts"],
    without_attribute=["transcript_text", "transcript_json"],
)
class SessionDocument(Document):
    """ElectroDB's entity ``session``.

    Its partition is that of its campaign, or of its owner while it is unfiled. The index ``gsi1``
    has all sessions of an owner.
    """

    id = TextAttribute()
    owner_id = TextAttribute("userId")
    campaign_id = TextAttribute("campaignId")
    name = TextAttribute()
    played_on = TextAttribute("playedOn")
    description = TextAttribute()
    notes = TextAttribute()
    summary = TextAttribute()
    player_recap = TextAttribute("playerRecap")
    speaker_names = NativeAttribute("speakerNames")
    metrics = NativeAttribute()
    audio_storage_key = TextAttribute("audioStorageKey")
    transcription_job_id = TextAttribute("transcriptionJobId")
    share_token = TextAttribute("shareToken")
    created_at = TimeAttribute("createdAt")
    updated_at = TimeAttribute("updatedAt")

    search_fields = ("name", "description", "audio_storage_key", "transcription_job_id")

    @classmethod
    def keys(cls, instance: Session) -> dict[str, str]:
        """Return the primary key and the key in the owner's index."""
        owner, key = f"user#{instance.owner_id}", f"sess#{instance.pk}"
        folder = f"camp#{instance.campaign_id}" if instance.campaign_id else owner
        return {"pk": folder, "sk": key, "gsi1pk": owner, "gsi1sk": key}

    @classmethod
    def owner_keys(cls, owner_id: int) -> KeyPrefix:
        """Return the index key prefix of an owner's sessions, filed or not."""
        return KeyPrefix(f"user#{owner_id}", "sess#", index="gsi1")

    @classmethod
    def bodies(cls, instance: Session) -> Sequence[Body]:
        """Return the transcript, if there is one."""
        if not instance.has_transcript:
            return ()
        transcript = {
            "sessionId": str(instance.pk),
            "transcriptJson": instance.transcript_json,
            "transcriptText": instance.transcript_text,
        }
        text = exact_json.dump(
            transcript, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        return (
            Body(
                attribute="transcriptStorageKey",
                folder=f"transcripts/{instance.pk}",
                suffix=".json",
                content=text.encode(),
            ),
        )

    @classmethod
    def unpack(cls, attribute: str, content: bytes) -> dict[str, Any]:
        """Return the two fields of the transcript."""
        transcript = exact_json.load(content)
        return {
            "transcript_text": transcript["transcriptText"],
            "transcript_json": transcript["transcriptJson"],
        }


@register(Highlight, entity="highlight")
class HighlightDocument(Document):
    """A quote from a transcript. Its partition is that of its session."""

    id = TextAttribute()
    session_id = TextAttribute("sessionId")
    quote = TextAttribute()
    speaker = TextAttribute()
    start = NativeAttribute()
    turn = WholeNumberAttribute()
    created_at = TimeAttribute("createdAt")

    @classmethod
    def keys(cls, instance: Highlight) -> dict[str, str]:
        """Return the primary key."""
        return {"pk": f"sess#{instance.session_id}", "sk": f"high#{instance.pk}"}
