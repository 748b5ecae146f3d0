"""Forms for sessions."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from campaigns.models import Campaign
from config.web.forms import LongText
from config.web.tab_safe_forms import SaveChanged, TabSafeForm
from sessions_app.models import Session

MARKDOWN = "Markdown works: **bold**, *italic*, lists, headings, links."


class SessionForm(forms.ModelForm[Session]):
    """Creates a session: its campaign and what the game master writes about it."""

    played_on = forms.DateField(
        label="Played on",
        required=False,
        help_text="Orders and dates the session. Leave it empty for the day on which you add it.",
        error_messages={"invalid": "Write the date as 2026-11-27."},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    description = LongText(
        help_text="A line or two for your lists.", widget=forms.Textarea(attrs={"rows": 2})
    )
    player_recap = LongText(
        label="Player recap",
        help_text=f"What a share link shows to your players. {MARKDOWN}",
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    summary = LongText(
        help_text=f"What happened, for yourself. {MARKDOWN}",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    notes = LongText(
        help_text=f"For your eyes only: never shared. {MARKDOWN}",
        widget=forms.Textarea(attrs={"rows": 10}),
    )

    class Meta:
        model = Session
        fields = [
            "name",
            "played_on",
            "campaign",
            "description",
            "player_recap",
            "summary",
            "notes",
        ]

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        campaign = self.fields["campaign"]
        assert isinstance(campaign, forms.ModelChoiceField)  # noqa: S101 - for mypy
        campaign.queryset = Campaign.objects.filter(owner=owner).only("name", "owner")
        campaign.empty_label = "No campaign (unfiled)"


class SessionEditForm(SaveChanged, TabSafeForm, SessionForm):  # type: ignore[misc]
    """Edits a session that another tab may be editing as well."""
