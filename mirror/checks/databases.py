"""The databases: only PostgreSQL has the triggers, and only the default one has the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.db import connections, router

from mirror.checks.triggers import captured
from mirror.conf import PRIMARY
from mirror.documents import registry


@register("mirror")
def check_databases(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E022: a model in another database. E023: a database that is not PostgreSQL."""
    problems: list[CheckMessage] = []
    if connections[PRIMARY].vendor != "postgresql":
        problems.append(
            Error(
                f"The default database is {connections[PRIMARY].display_name}.",
                hint=f'Write "ENGINE": "django.db.backends.postgresql" in DATABASES["{PRIMARY}"].',
                id="mirror.E023",
            )
        )
    models = {document.mirror_options.model for document in registry.documents()} | {*captured()}
    for model in sorted(models, key=lambda model: model._meta.label):
        alias = router.db_for_write(model)
        if alias == PRIMARY and router.allow_migrate_model(PRIMARY, model):
            continue
        kept = f'"{alias}"' if alias != PRIMARY else f'another database than "{PRIMARY}"'
        problems.append(
            Error(
                f"{model._meta.label_lower} is kept in {kept}, where its changes are not seen.",
                hint="Remove its document and its capture_changes(), or let the routers of"
                f' DATABASE_ROUTERS keep it in "{PRIMARY}".',
                obj=model,
                id="mirror.E022",
            )
        )
    return problems
