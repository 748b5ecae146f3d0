"""The app that mirrors the models of other apps."""

from django.apps import AppConfig
from django.core.signals import request_finished, request_started
from django.db.models.signals import post_save
from django.utils.module_loading import autodiscover_modules


class MirrorConfig(AppConfig):
    """Mirrors registered models to DynamoDB and S3."""

    name = "mirror"
    verbose_name = "Mirror dashboard"  # the admin's index links this name to the dashboard
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Find every app's ``documents.py`` and listen to the models that it registers."""
        from mirror import checks  # noqa: F401 - the import registers them
        from mirror.documents import registry
        from mirror.sync import dispatch
        from mirror.triggers_in_migrations import extend_makemigrations

        extend_makemigrations()
        autodiscover_modules("documents")
        request_started.connect(dispatch.start_request, dispatch_uid="mirror.start_request")
        request_finished.connect(dispatch.end_request, dispatch_uid="mirror.end_request")
        for document in registry.documents():
            model = document.mirror_options.model
            post_save.connect(
                dispatch.row_changed, sender=model, dispatch_uid=f"mirror.{model._meta.label}"
            )
