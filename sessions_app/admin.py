"""Play sessions in the admin."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import Q, QuerySet, TextField
from django.http import HttpRequest
from django.utils.text import Truncator

from config.web.forms import LongText
from config.web.model_admins import TabSafeAdmin, page_of, revoke_share_links
from sessions_app.models import DAY, LONG_FIELDS, Highlight, Session
from sessions_app.transcripts import recompute_metrics

QUOTE_LENGTH = 120  # characters in the list
NO_TRANSCRIPT = Q(transcript_text="", transcript_json__isnull=True)


class TranscriptFilter(admin.SimpleListFilter):
    """Filters sessions with or without a transcript."""

    title = "transcript"
    parameter_name = "transcript"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Session]
    ) -> list[tuple[str, str]]:
        """Return the choices."""
        return [("yes", "With transcript"), ("no", "Without transcript")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> QuerySet[Session]:
        """Apply the choice."""
        match self.value():
            case "yes":
                return queryset.exclude(NO_TRANSCRIPT)
            case "no":
                return queryset.filter(NO_TRANSCRIPT)
        return queryset


class LargeText(AdminTextareaWidget):
    """Has the form sent as it is: percent-encoded, a transcript would take far more memory."""

    needs_multipart_form = True


@admin.register(Session)
class SessionAdmin(TabSafeAdmin[Session]):
    """Lists, searches and edits play sessions."""

    list_display = ["name", "campaign", "owner", "is_shared", "day_of_play"]
    list_filter = [
        TranscriptFilter,
        ("campaign", admin.EmptyFieldListFilter),
        ("share_token", admin.EmptyFieldListFilter),
        "played_on",
        "created_at",
    ]
    list_select_related = ["campaign", "owner"]
    search_fields = ["name", "description", "campaign__name", "owner__username"]
    autocomplete_fields = ["owner", "campaign"]
    readonly_fields = ["id", "created_at", "updated_at"]
    date_hierarchy = "played_on"
    actions = [revoke_share_links]
    formfield_overrides = {TextField: {"form_class": LongText, "widget": LargeText}}
    fieldsets = [
        (None, {"fields": ["name", "owner", "campaign", "played_on", "description"]}),
        ("At the table", {"fields": ["notes", "summary", "player_recap"]}),
        (
            "Transcript",
            {"fields": ["transcript_text", "transcript_json", "speaker_names", "metrics"]},
        ),
        (
            "Recording",
            {"classes": ["collapse"], "fields": ["audio_storage_key", "transcription_job_id"]},
        ),
        ("Record", {"fields": ["id", "created_at", "updated_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """Do not load the long texts for a list."""
        sessions = super().get_queryset(request)
        return sessions.defer(*LONG_FIELDS) if page_of(request) == "changelist" else sessions

    def save_model(
        self,
        request: HttpRequest,
        obj: Session,
        form: Any,
        change: bool,  # noqa: FBT001 - Django's own signature
    ) -> None:
        """Recompute the metrics of an edited transcript, unless they were edited as well."""
        edited = set(form.changed)
        if edited & {"transcript_text", "transcript_json"} and "metrics" not in edited:
            recompute_metrics(obj)
            form.cleaned_data["metrics"] = obj.metrics  # so that it counts as changed
        super().save_model(request, obj, form, change)

    @admin.display(description="day", ordering=DAY)
    def day_of_play(self, session: Session) -> date:
        """Return the day that the session is listed under."""
        return session.day

    @admin.display(description="shared", boolean=True)
    def is_shared(self, session: Session) -> bool:
        """Whether there is a share link."""
        return session.share_token is not None


@admin.register(Highlight)
class HighlightAdmin(admin.ModelAdmin[Highlight]):
    """Lists and deletes highlights. They are quotes, so nobody rewrites them."""

    list_display = ["quoted", "session", "start", "created_at"]
    list_filter = ["created_at"]
    search_fields = ["quote", "speaker", "session__name"]
    ordering = ["-created_at", "id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Highlight]:
        """Load the sessions without their long texts."""
        highlights = super().get_queryset(request).select_related("session")
        return highlights.defer(*(f"session__{name}" for name in LONG_FIELDS))

    @admin.display(description="highlight")
    def quoted(self, highlight: Highlight) -> str:
        """Return who said it, and its beginning."""
        return Truncator(str(highlight)).chars(QUOTE_LENGTH)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds one here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes one."""
        return False
