"""Campaigns in the admin."""

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from campaigns.models import Campaign


class CampaignForm(forms.ModelForm[Campaign]):
    """Keeps a campaign and its sessions with one owner."""

    def clean_owner(self) -> User:
        """Refuse a new owner while sessions of somebody else are filed in the campaign."""
        owner: User = self.cleaned_data["owner"]
        if not self.instance._state.adding and self.instance.sessions.exclude(owner=owner).exists():
            raise ValidationError(
                "Sessions of another game master are filed here: unfile them first."
            )
        return owner


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin[Campaign]):
    """Lists, searches and edits campaigns."""

    form = CampaignForm
    list_display = ["name", "owner", "session_count", "created_at", "updated_at"]
    list_filter = ["created_at", "updated_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "description", "owner__username"]
    autocomplete_fields = ["owner"]
    ordering = ["-created_at", "id"]  # the count in get_queryset drops the model's ordering
    readonly_fields = ["id", "created_at", "updated_at"]
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        """Count the sessions in the same query."""
        return super().get_queryset(request).annotate(session_count=Count("sessions"))

    @admin.display(description="sessions", ordering="session_count")
    def session_count(self, campaign: Campaign) -> int:
        """Return how many sessions are filed in the campaign."""
        return getattr(campaign, "session_count", 0)
