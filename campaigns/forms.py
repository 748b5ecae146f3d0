"""The form of a campaign."""

from django import forms

from campaigns.models import Campaign
from config.web.forms import LongText, SaveChanged, TabSafeForm


class CampaignForm(forms.ModelForm[Campaign]):
    """A name, and what the campaign is about."""

    description = LongText(help_text="What is it about? Shown on your dashboard.")

    class Meta:
        model = Campaign
        fields = ["name", "description"]


class CampaignEditForm(SaveChanged, TabSafeForm, CampaignForm):  # type: ignore[misc]
    """The same, for a campaign that another tab may be editing, too."""
