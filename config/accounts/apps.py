"""The app for accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Signing up, logging in, resetting passwords, and throttling of guesses."""

    name = "config.accounts"
    default_auto_field = "django.db.models.BigAutoField"
