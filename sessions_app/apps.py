"""The app configuration of play sessions."""

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    """Play sessions and their transcripts."""

    name = "sessions_app"
    verbose_name = "Play sessions"
