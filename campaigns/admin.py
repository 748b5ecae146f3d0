"""Campaigns in the admin."""

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from campaigns.models import Campaign
from config.web.model_admins import TabSafeAdmin, TabSafeModelForm, page_of, revoke_share_links


class CampaignForm(TabSafeModelForm):
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
class CampaignAdmin(TabSafeAdmin[Campaign]):
    """Lists, searches and edits campaigns."""

    form = CampaignForm
    list_display = ["name", "owner", "session_count", "is_shared", "created_at"]
    list_filter = ["language", ("share_token", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "description", "owner__username"]
    autocomplete_fields = ["owner"]
    ordering = ["-created_at", "id"]  # the count in get_queryset drops the model's ordering
    readonly_fields = ["id", "created_at", "updated_at"]
    date_hierarchy = "created_at"
    actions = [revoke_share_links]
    fieldsets = [
        (None, {"fields": ["name", "owner", "language", "description"]}),
        ("Record", {"fields": ["id", "created_at", "updated_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        """Count the sessions of a list in the same query."""
        campaigns = super().get_queryset(request)
        if page_of(request) != "changelist":
            return campaigns
        return campaigns.annotate(session_count=Count("sessions"))

    @admin.display(description="sessions", ordering="session_count")
    def session_count(self, campaign: Campaign) -> int:
        """Return how many sessions are filed in the campaign."""
        return getattr(campaign, "session_count", 0)

    @admin.display(description="shared", boolean=True)
    def is_shared(self, campaign: Campaign) -> bool:
        """Whether there is a share link."""
        return campaign.share_token is not None
