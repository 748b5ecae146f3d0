"""Play sessions in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from sessions_app.models import LONG_FIELDS, Session
from sessions_app.transcripts import recompute_metrics

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


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin[Session]):
    """Lists, searches and edits play sessions."""

    list_display = ["name", "campaign", "owner", "is_shared", "played_on", "created_at"]
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
    date_hierarchy = "created_at"
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
        match = request.resolver_match
        is_list = match is not None and (match.url_name or "").endswith("_changelist")
        return sessions.defer(*LONG_FIELDS) if is_list else sessions

    def save_model(
        self,
        request: HttpRequest,
        obj: Session,
        form: ModelForm[Session],
        change: bool,  # noqa: FBT001 - Django's own signature
    ) -> None:
        """Recompute the metrics of an edited transcript, unless they were edited as well."""
        edited = set(form.changed_data)
        if edited & {"transcript_text", "transcript_json"} and "metrics" not in edited:
            recompute_metrics(obj)
        super().save_model(request, obj, form, change)

    @admin.display(description="shared", boolean=True)
    def is_shared(self, session: Session) -> bool:
        """Whether there is a share link."""
        return session.share_token is not None
