"""Campaigns."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse

from config.web.share_links import Shareable
from mirror.capture import capture_changes


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Queries for lists of campaigns."""

    def with_session_count(self) -> Self:
        """Annotate ``sessions_count``: how many sessions of the campaign's owner it has.

        An administrator or another program may have filed sessions of other owners there.
        """
        own = models.Q(sessions__owner=models.F("owner"))
        return self.annotate(sessions_count=models.Count("sessions", filter=own))


class Language(models.TextChoices):
    """The languages of play whose word forms the search knows, as BCP 47 tags."""

    DANISH = "da", "Dansk"
    GERMAN = "de", "Deutsch"
    ENGLISH = "en", "English"
    SPANISH = "es", "Español"
    FRENCH = "fr", "Français"
    ITALIAN = "it", "Italiano"
    DUTCH = "nl", "Nederlands"
    NORWEGIAN = "no", "Norsk"
    PORTUGUESE = "pt", "Português"
    FINNISH = "fi", "Suomi"
    SWEDISH = "sv", "Svenska"

    __empty__ = "Not set"


class Campaign(Shareable):
    """A series of sessions that one game master runs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="campaigns")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    language = models.CharField(
        max_length=2,
        choices=Language,
        blank=True,
        default="",
        db_default="",  # other programs insert campaigns, too
        help_text="Spoken at the table. Search finds the forms of its words.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["owner", "-created_at"], name="campaign_owner_newest")]
        triggers = capture_changes()

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("campaign", args=[self.pk])

    def get_share_url(self) -> str:
        """Return the address of the page for players. The campaign must be shared."""
        return reverse("shared-campaign", args=[self.share_token])
