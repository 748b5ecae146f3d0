"""The triggers: whether the database has them, and whether anything is mirrored for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from mirror import triggers_in_database
from mirror.capture import MARK
from mirror.conf import PRIMARY, setting
from mirror.documents import registry
from mirror.triggers_in_database import LACKING, captured

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
MIGRATE = "Run manage.py migrate, then manage.py mirror_sync --all for what was missed."


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

    W032: triggers on a table of no installed model. W036: of a model that declares none.
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
    triggers = captured()
    for problem in triggers_in_database.problems():
        meta = problem.model._meta
        if meta.app_label not in loader.migrated_apps:
            continue
        if pending.isdisjoint({"mirror", meta.app_label}):
            problems.append(
                Error(str(problem), hint=problem.hint, obj=problem.model, id="mirror.E021")
            )
        elif (
            problem.text == LACKING
            and len(problem.names) == len(triggers[problem.model])
            and _exists(problem.model)
        ):
            text = (
                f"{meta.label} has no triggers in the database until its migrations are run:"
                " its changes are not captured."
            )
            problems.append(Warning(text, hint=MIGRATE, obj=problem.model, id="mirror.W033"))
    return [*problems, *_without_capture(pending)]


def _exists(model: Any) -> bool:
    """Whether the model has a table."""
    connection = connections[PRIMARY]
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        (exists,) = cursor.fetchone()
    return bool(exists)


def _without_capture(pending: Collection[str]) -> Iterator[CheckMessage]:
    """Yield a problem for each captured table of no installed model, or of one without capture."""
    connection = connections[PRIMARY]
    models = apps.get_models(include_auto_created=True, include_swapped=True)
    quote = connection.ops.quote_name
    known = {quote(model._meta.db_table): model for model in models if not model._meta.proxy}
    declared = {quote(model._meta.db_table) for model in captured()}
    with connection.cursor() as cursor:
        cursor.execute(CAPTURED_TABLES, [f"PERFORM {setting('SCHEMA')}.mirror_mark_"])
        captured_tables = cursor.fetchall()
    for schema, table, app, drop in captured_tables:
        if app in pending:
            continue
        names = {f'"{table}"', f'"{schema}"."{table}"'}
        if model := next((known[name] for name in names if name in known), None):
            if declared.isdisjoint(names):
                yield Warning(
                    f"The table {schema}.{table} has the mirror's triggers, but"
                    f" {model._meta.label} has no capture_changes().",
                    hint="Add triggers = capture_changes() to its Meta. If it is to be mirrored no"
                    " longer, run manage.py makemigrations and manage.py migrate.",
                    obj=model,
                    id="mirror.W036",
                )
            continue
        add = "" if app in apps.app_configs else f'Add the app "{app}" to INSTALLED_APPS. '
        yield Warning(
            f"The table {schema}.{table} has the mirror's triggers, but no installed model: its"
            " changes are recorded, and nobody mirrors them.",
            hint=f"{add}If its model is gone for good, run in the database: {drop}",
            id="mirror.W032",
        )
