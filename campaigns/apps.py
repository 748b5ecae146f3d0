"""The app of campaigns."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Campaigns: what a game master runs."""

    name = "campaigns"
