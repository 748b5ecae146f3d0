"""The triggers: whether the database has them, and whether anything is mirrored for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pgtrigger
from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from mirror.capture import MARK, PREFIX
from mirror.conf import PRIMARY, setting
from mirror.documents import registry

CREATE = (
    "Run manage.py makemigrations and manage.py migrate. If both find nothing to do, run"
    " manage.py pgtrigger install, and then mirror_sync --all for what was missed."
)
# The tables whose triggers mark rows in this ledger, the app that these name, and what drops them.
CAPTURED_TABLES = r"""
    SELECT n.nspname, c.relname, min(substring(p.prosrc FROM 'mirror_mark_\w+\(''([^.'']+)')),
        string_agg(
            format('DROP TRIGGER %%I ON %%I.%%I;', t.tgname, n.nspname, c.relname), ' '
            ORDER BY t.tgname
        )
    FROM pg_trigger t
    JOIN pg_proc p ON p.oid = t.tgfoid
    JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE strpos(p.prosrc, %s) > 0 GROUP BY 1, 2 ORDER BY 1, 2
"""
ENABLE = "Run manage.py pgtrigger enable, and then mirror_sync --all for what was missed."
MIGRATE = "Run manage.py migrate, then manage.py mirror_sync --all for what was missed."


def captured() -> dict[Any, list[pgtrigger.Trigger]]:
    """Return the triggers of the mirror that each model declares."""
    found: dict[Any, list[pgtrigger.Trigger]] = {}
    for model, trigger in pgtrigger.registered():
        if str(trigger.name).startswith(PREFIX):
            found.setdefault(model, []).append(trigger)
    return found


@register("mirror")
def check_documents(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """W026: a model whose changes are captured, but that has no document."""
    return [
        Warning(
            f"The changes of {model._meta.label_lower} are captured, but it has no document.",
            hint=f"Run manage.py mirror_document {model._meta.label} --write. Or remove"
            " capture_changes() from its Meta (write own=False in it if its children need it), and"
            " run makemigrations.",
            obj=model,
            id="mirror.W026",
        )
        for model, triggers in captured().items()
        if model._meta.label_lower not in registry.labels()
        and any(marks_own(model, trigger.render_func(model)) for trigger in triggers)
    ]


def marks_own(model: Any, function: str) -> bool:
    """Whether this function of a trigger marks the model's own rows, not only its children's."""
    return f"{MARK}('{model._meta.label_lower}'" in function


@register(Tags.database)  # "mirror" as well would make `check --tag mirror` ask the database
def check_database(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """E021: triggers that the database lacks, has in another form, or does not run.

    W032: triggers on a table of no installed model.
    An app whose migrations are still to run is passed over: they are about to change its triggers.
    W033: none at all on a table of such an app. ``migrate`` checks before it creates them, too, so
    this is no error.
    """
    connection = connections[PRIMARY]
    if PRIMARY not in (databases or ()) or connection.vendor != "postgresql":
        return []
    loader = MigrationLoader(connection)
    applied = loader.applied_migrations or {}
    pending = {app for app, name in loader.graph.leaf_nodes() if (app, name) not in applied}
    problems: list[CheckMessage] = []
    for model, triggers in captured().items():
        if model._meta.app_label not in loader.migrated_apps:
            continue
        if pending.isdisjoint({"mirror", model._meta.app_label}):
            problems += [
                Error(f"{model._meta.label_lower}: {text}", hint=hint, obj=model, id="mirror.E021")
                for text, hint in _problems(model, triggers)
            ]
        elif _is_uncaptured(model, triggers):
            text = (
                f"{model._meta.label} has no triggers in the database until its migrations are run:"
                " its changes are not captured."
            )
            problems.append(Warning(text, hint=MIGRATE, obj=model, id="mirror.W033"))
    return [*problems, *_without_model(pending)]


def _is_uncaptured(model: Any, triggers: Sequence[pgtrigger.Trigger]) -> bool:
    """Whether the model has a table, but none of these triggers."""
    connection = connections[PRIMARY]
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        (exists,) = cursor.fetchone()
    return exists and all(
        trigger.get_installation_status(model, database=PRIMARY)[0] == "UNINSTALLED"
        for trigger in triggers
    )


def _problems(model: Any, triggers: Sequence[pgtrigger.Trigger]) -> Iterator[tuple[str, str]]:
    states: dict[tuple[str, str], list[str]] = {}
    for trigger in triggers:
        status, enabled = trigger.get_installation_status(model, database=PRIMARY)
        if status == "UNINSTALLED":
            problem = ("the database lacks", CREATE)
        elif status == "OUTDATED":
            problem = ("the database has an old form of", CREATE)
        elif status == "INSTALLED" and not enabled:
            problem = ("the database does not run", ENABLE)
        else:
            continue
        states.setdefault(problem, []).append(str(trigger.name))
    for (text, hint), names in states.items():
        yield f"{text} {', '.join(names)}.", hint


def _without_model(pending: Collection[str]) -> Iterator[CheckMessage]:
    """Yield a problem for each captured table of which no installed model is the table."""
    connection = connections[PRIMARY]
    models = apps.get_models(include_auto_created=True, include_swapped=True)
    known = {connection.ops.quote_name(model._meta.db_table) for model in models}
    with connection.cursor() as cursor:
        cursor.execute(CAPTURED_TABLES, [f"PERFORM {setting('SCHEMA')}.mirror_mark_"])
        captured_tables = cursor.fetchall()
    for schema, table, app, drop in captured_tables:
        if app in pending or not known.isdisjoint({f'"{table}"', f'"{schema}"."{table}"'}):
            continue
        add = "" if app in apps.app_configs else f'Add the app "{app}" to INSTALLED_APPS. '
        yield Warning(
            f"The table {schema}.{table} has the mirror's triggers, but no installed model: its"
            " changes are recorded, and nobody mirrors them.",
            hint=f"{add}If its model is gone for good, run in the database: {drop}",
            id="mirror.W032",
        )
