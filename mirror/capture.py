"""Capture: database triggers that mark a row dirty in the very statement that changes it.

Signals miss the writers that send none (``QuerySet.update``, ``bulk_create``, ``SET_NULL``, raw
SQL, data migrations) and are lost with a process that is killed between save and signal. A
statement-level trigger sees every writer, in the writer's transaction, and costs one ledger
statement for any number of rows. A model declares it: ``triggers = capture_changes()`` in ``Meta``.

The triggers call functions that the mirror's own migrations create (``FUNCTIONS``). These name
their table with its schema and run with the rights of their owner, so that a writer needs neither
a ``search_path`` nor any right on the ledger.
"""

from collections.abc import Sequence
from typing import Any, Never

import pgtrigger
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from mirror.conf import setting

PREFIX = "mirror_"  # of the triggers' names
MARK = "mirror_mark_dirty"
KNOWN = "mirror_mark_known_dirty"

# The columns of a ledger entry that say how earlier attempts went, and their values for an entry
# that is due and has not been attempted. The one list for triggers, backfill and the ORM.
RESET_COLUMNS = {
    "attempts": "0",
    "next_attempt_at": "now()",
    "parked_at": "NULL",
    "error_class": "''",
    "error_code": "''",
}
_RESET = ", ".join(f"{column} = {value}" for column, value in RESET_COLUMNS.items())

# The SET clause that marks existing ledger entries dirty.
MARK_DIRTY = f"""revision = revision + 1,
        owed_since = CASE WHEN revision > mirrored_revision THEN owed_since ELSE now() END,
        {_RESET}"""


_IDS = 'SELECT "{meta.pk.column}"::text FROM %s'  # pgtrigger fills in `{meta…}` from the model


def functions(schema: str) -> tuple[str, ...]:
    """Return the SQL that creates the functions of the triggers, for the ledger in ``schema``.

    ``mirror_mark_dirty`` upserts one entry for each row, ordered by key, so that two bulk writers
    cannot deadlock in the ledger. ``mirror_mark_known_dirty`` marks only rows that have an entry:
    all of a model if ``ids`` is null, as TRUNCATE does not say which rows there were.
    """
    header = (
        "RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$"
    )
    ledger = f"{schema}.mirror_ledgerentry"
    return (
        f"""
CREATE OR REPLACE FUNCTION {schema}.mirror_mark_dirty(label text, ids text[]) {header}
BEGIN
    INSERT INTO {ledger} AS entry (model, object_id)
    SELECT label, id FROM unnest(ids) AS changed(id) ORDER BY id COLLATE "C"
    ON CONFLICT (model, object_id) DO UPDATE SET
        revision = entry.revision + 1,
        owed_since = CASE WHEN entry.revision > entry.mirrored_revision
            THEN entry.owed_since ELSE now() END,
        backfill = false,
        {_RESET};
END $$""",  # noqa: S608 - the schema is a setting
        f"""
CREATE OR REPLACE FUNCTION {schema}.mirror_mark_known_dirty(label text, ids text[]) {header}
BEGIN
    UPDATE {ledger} SET {MARK_DIRTY}, backfill = false
    WHERE model = label AND (ids IS NULL OR object_id = ANY(ids));
END $$""",  # noqa: S608 - the same
    )


class _CaptureChanges:
    """What ``capture_changes`` is: a function that also says so if its brackets are forgotten."""

    _meta = "the model's Meta"  # where it is without brackets

    def __set_name__(self, meta: type[Any], name: str) -> None:
        self._meta = f"{meta.__module__}.{meta.__qualname__}"

    def __iter__(self) -> Never:  # pgtrigger wants a list
        raise ImproperlyConfigured(
            f"Write triggers = capture_changes(), with the brackets, in {self._meta}."
        )

    def __call__(
        self, *decorated: Never, children: Sequence[str] = (), own: bool = True
    ) -> list[pgtrigger.Trigger]:
        """Return the triggers for a model's ``Meta.triggers``. ``makemigrations`` writes them down.

        ``children`` are the labels of mirrored models that inherit this one's table (multi-table
        inheritance): a change of this table changes them, too. Without ``own``, it marks only them:
        for a parent that has no document.

        Raises ``ImproperlyConfigured`` where no migration would create the triggers, and as a
        decorator.
        """
        if decorated:
            raise ImproperlyConfigured(
                "capture_changes is no decorator: write triggers = capture_changes() in the model's"
                " Meta."
            )
        for app in ("pgtrigger", "mirror"):
            if not apps.is_installed(app):
                raise ImproperlyConfigured(f'Add "{app}" to INSTALLED_APPS.')
        old, new = (_IDS % rows for rows in ("old_rows", "new_rows"))
        both = f"{new} UNION {old}"
        inherited = "".join(
            f"PERFORM {_function(KNOWN)}('{child.lower()}', ARRAY({both}));\n    "
            for child in children
        )
        update = _trigger(
            "update",
            pgtrigger.Update,
            _mark(both) * own + inherited,
            pgtrigger.Referencing(new="new_rows", old="old_rows"),
        )
        if not own:  # a child's own triggers see its rows come and go
            return [update]
        return [
            _trigger("insert", pgtrigger.Insert, _mark(new), pgtrigger.Referencing(new="new_rows")),
            update,
            _trigger("delete", pgtrigger.Delete, _mark(old), pgtrigger.Referencing(old="old_rows")),
            _trigger(
                "truncate",
                pgtrigger.Truncate,
                f"PERFORM {_function(KNOWN)}('{{meta.label_lower}}', NULL);",
                None,
            ),
        ]


capture_changes = _CaptureChanges()


def _function(name: str) -> str:
    return f"{setting('SCHEMA')}.{name}"


def _mark(rows: str) -> str:
    return f"PERFORM {_function(MARK)}('{{meta.label_lower}}', ARRAY({rows}));\n    "


def _trigger(
    name: str,
    operation: pgtrigger.Operation,
    sql: str,
    referencing: pgtrigger.Referencing | None,
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=f"{PREFIX}{name}",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        func=pgtrigger.Func(f"\n    {sql.rstrip()}\n    RETURN NULL;\n"),
    )
