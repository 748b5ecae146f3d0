"""The app with the parts that all pages share."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Base template, style, script, template tags, forms and middleware."""

    name = "config.web"
