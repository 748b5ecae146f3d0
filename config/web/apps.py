"""The app with the parts that all pages share."""

from django.apps import AppConfig
from django.core.signals import request_finished


class WebConfig(AppConfig):
    """Base template, style, script, template tags, forms and middleware."""

    name = "config.web"

    def ready(self) -> None:
        """Let the log forget each request at its end."""
        from config.web import request_ids

        request_finished.connect(request_ids.forget, dispatch_uid="config.web.request_ids")
