"""Play sessions with their notes, recaps, transcripts and highlights."""

import uuid
from contextlib import nullcontext
from datetime import UTC, date
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models.functions import Coalesce
from django.urls import reverse

from campaigns.models import Campaign
from config.web.share_links import Shareable
from mirror.capture import capture_changes
from sessions_app.json_fields import JSONModelField, JSONText, bound_by_server
from sessions_app.search_index import keep_search_index
from sessions_app.validators import validate_object, validate_storable

LONG_FIELDS = ["notes", "summary", "player_recap", "transcript_text", "transcript_json"]

# The day that a session is listed under, in SQL: see ``Session.day``.
DAY = Coalesce(
    "played_on",
    models.Func(
        "created_at",
        template="((%(expressions)s AT TIME ZONE 'UTC')::date)",
        output_field=models.DateField(),
    ),
)


class SessionQuerySet(models.QuerySet["Session"]):
    """Queries that leave out fields a page does not show: a transcript may have megabytes."""

    def for_list(self) -> Self:
        """Leave out the long texts."""
        return self.defer(*LONG_FIELDS)

    def without_transcript(self) -> Self:
        """Leave out the transcript, and annotate ``transcribed``: whether there is one."""
        transcribed = ~models.Q(transcript_text="") | models.Q(transcript_json__isnull=False)
        return self.defer("transcript_text", "transcript_json").annotate(
            transcribed=models.ExpressionWrapper(transcribed, models.BooleanField())
        )

    def with_json_as_text(self) -> Self:
        """Leave out the JSON, which ``written_json`` then reads, and annotate ``has_json``."""
        has_json = models.Q(transcript_json__isnull=False)
        return self.defer("transcript_json").annotate(
            has_json=models.ExpressionWrapper(has_json, models.BooleanField())
        )

    def shown_to_players(self, campaign: Campaign) -> Self:
        """Return those of a campaign whose recap is written and shared by its owner."""
        own = self.filter(campaign=campaign, owner=campaign.owner_id)
        return own.filter(share_token__isnull=False).exclude(player_recap="")


class Session(Shareable):
    """One evening of play. If its campaign is deleted, it is kept, unfiled."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="play_sessions"
    )
    campaign = models.ForeignKey(
        Campaign, models.SET_NULL, null=True, blank=True, related_name="sessions"
    )
    name = models.CharField(max_length=200)
    played_on = models.DateField(
        null=True, blank=True, help_text="The day of play. Sessions are listed by it."
    )
    description = models.TextField(blank=True)
    notes = models.TextField(blank=True, help_text="For the game master's eyes only.")
    summary = models.TextField(blank=True)
    player_recap = models.TextField(blank=True, help_text="What a share link shows to the players.")
    transcript_text = models.TextField(blank=True)
    transcript_json = JSONModelField(
        null=True,
        blank=True,
        validators=[validate_storable],
        help_text="As the transcriber wrote it.",
    )
    speaker_names = JSONModelField(
        null=True,
        blank=True,
        validators=[validate_object, validate_storable],
        help_text='The names behind the speaker labels: {"spk_0": "Matt"}.',
    )
    metrics = JSONModelField(
        null=True,
        blank=True,
        validators=[validate_object, validate_storable],
        help_text="Length, words and talk time by speaker.",
    )
    audio_storage_key = models.CharField(max_length=1024, blank=True)
    transcription_job_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = [DAY.desc(), "-created_at", "id"]
        indexes = [
            models.Index(
                models.F("owner"),
                DAY.desc(),
                models.F("created_at").desc(),
                name="session_owner_day",
            ),
            models.Index(
                models.F("campaign"),
                DAY.desc(),
                models.F("created_at").desc(),
                name="session_campaign_day",
            ),
        ]
        triggers = [*capture_changes(), *keep_search_index()]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        is_long = isinstance(self.__dict__.get("transcript_json"), JSONText)  # it may be deferred
        if is_long:
            _allow_two_minutes()
        with bound_by_server() if is_long else nullcontext():
            super().save(*args, **options)

    def get_absolute_url(self) -> str:
        return reverse("session", args=[self.pk])

    def get_share_url(self) -> str:
        """Return the address of the page for players. The session must be shared."""
        return reverse("shared", args=[self.share_token])

    def clean(self) -> None:
        """Refuse a campaign of another game master."""
        if self.campaign is not None and self.campaign.owner_id != self.owner_id:
            raise ValidationError({"campaign": "This campaign belongs to another game master."})

    @property
    def day(self) -> date:
        """The day of play, or else the day (UTC) on which the session was created."""
        return self.played_on or self.created_at.astimezone(UTC).date()

    @property
    def has_transcript(self) -> bool:
        """Whether there is a transcript, and so an S3 object for it."""
        return bool(self.transcript_text) or self.transcript_json is not None


def _allow_two_minutes() -> None:
    """Let the statements of this transaction take longer than the web server's usually may.

    PostgreSQL packs a long evening and indexes its words: seconds, and many on a busy machine.
    """
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config(name, '2min', true) FROM pg_settings"
                " WHERE name = 'statement_timeout' AND setting::int BETWEEN 1 AND 120000"
            )


class Highlight(models.Model):
    """Words of a transcript that the game master marked, kept as they were said.

    A correction or a replacement of the transcript does not change it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, models.CASCADE, related_name="highlights")
    quote = models.TextField(max_length=2000)
    speaker = models.CharField(max_length=100, blank=True)
    start = models.FloatField(
        null=True, blank=True, help_text="Seconds from the start of the recording."
    )
    turn = models.PositiveIntegerField(help_text="The number of the turn, from 1.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["turn", "created_at", "id"]
        triggers = capture_changes()

    def __str__(self) -> str:
        return f"{self.speaker}: {self.quote}" if self.speaker else self.quote
