"""Forms for campaigns."""

from django import forms

from campaigns.models import Campaign
from config.web.forms import CreateOnce, LongText
from config.web.tab_safe_forms import SaveChanged, TabSafeForm


class CampaignForm(forms.ModelForm[Campaign]):
    """A campaign's name, what it is about, and its language."""

    description = LongText(help_text="What is it about? Only you see this.")

    class Meta:
        model = Campaign
        fields = ["name", "description", "language"]
        help_texts = {
            "language": "Spoken at your table. Search then finds a word in all its forms."
        }


class NewCampaignForm(CreateOnce, CampaignForm):  # type: ignore[misc]
    """Creates a campaign."""


class CampaignEditForm(SaveChanged, TabSafeForm, CampaignForm):  # type: ignore[misc]
    """Edits a campaign that another tab may be editing as well."""
