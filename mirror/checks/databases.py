"""The databases: only PostgreSQL has the triggers, and only the default one's ledger is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections, router

from mirror.conf import PRIMARY
from mirror.documents import registry
from mirror.triggers_in_database import captured


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
    for model in _models():
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


@register(Tags.database)  # so that nobody is asked about replicas, to which nothing migrates
def check_other_databases(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """W030: a database in which migrations create tables of which nothing is mirrored."""
    problems: list[CheckMessage] = []
    for alias in sorted({*(databases or ())} - {PRIMARY}):
        models = [model for model in _models() if router.allow_migrate_model(alias, model)]
        if not models:
            continue
        apps = ", ".join(f'"{app}"' for app in sorted({m._meta.app_label for m in models}))
        labels = ", ".join(model._meta.label_lower for model in models)
        problems.append(
            Warning(
                f'Migrations create {labels} in "{alias}", too, where no row is ever mirrored.',
                hint="Let allow_migrate(db, …) of a router in DATABASE_ROUTERS return"
                f' db == "{PRIMARY}" for the apps {apps} and "mirror".',
                id="mirror.W030",
            )
        )
    return problems


def _models() -> list[Any]:
    """Return the models that are mirrored, or that have triggers all the same."""
    models = {document.mirror_options.model for document in registry.documents()} | {*captured()}
    return sorted(models, key=lambda model: str(model._meta.label))
