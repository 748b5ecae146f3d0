"""The app configuration of campaigns."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """The campaigns of game masters."""

    name = "campaigns"
