"""The app of accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Signing up, logging in, and slowing down who guesses passwords."""

    name = "config.accounts"
    default_auto_field = "django.db.models.BigAutoField"
