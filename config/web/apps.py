"""The app of what all pages share."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The frame of the pages: base template, style, script, template tags, forms, middleware."""

    name = "config.web"
