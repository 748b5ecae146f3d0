"""Capture: database triggers that mark the ledger in the very statement that changes a row.

Signals miss what sends none (``QuerySet.update``, ``bulk_create``, ``SET_NULL``, raw SQL, data
migrations) and are lost with a process that is killed between save and signal. A statement-level
trigger sees every writer, in the writer's transaction, at one ledger statement for any number of
rows. A model declares it: ``triggers = capture_changes()`` in its ``Meta``.
"""

import pgtrigger

CHANNEL = "mirror"  # what LISTEN and NOTIFY call it

# `{meta…}` is filled in by pgtrigger from the model. One upsert for all rows of a statement, in
# the order of the keys, so that two bulk writers cannot wait for each other in the ledger.
_MARK = f"""
    INSERT INTO mirror_ledgerentry (model, object_id)
    SELECT '{{meta.label_lower}}', changed.id::text FROM (%s) AS changed(id) ORDER BY 2
    ON CONFLICT (model, object_id) DO UPDATE SET
        revision = mirror_ledgerentry.revision + 1,
        owed_since = CASE
            WHEN mirror_ledgerentry.revision > mirror_ledgerentry.mirrored_revision
            THEN mirror_ledgerentry.owed_since ELSE now() END,
        attempts = 0, next_attempt_at = now(), parked_at = NULL, error_class = '', error_code = '';
    PERFORM pg_notify('{CHANNEL}', '');
    RETURN NULL;
"""  # noqa: S608 - constants only
_OLD = "SELECT {meta.pk.column} FROM old_rows"
_NEW = "SELECT {meta.pk.column} FROM new_rows"

# TRUNCATE has no transition tables: every object that the ledger knows of the model is gone.
_MARK_ALL = f"""
    UPDATE mirror_ledgerentry SET revision = revision + 1,
        owed_since = CASE WHEN revision > mirrored_revision THEN owed_since ELSE now() END,
        attempts = 0, next_attempt_at = now(), parked_at = NULL, error_class = '', error_code = ''
    WHERE model = '{{meta.label_lower}}';
    PERFORM pg_notify('{CHANNEL}', '');
    RETURN NULL;
"""  # noqa: S608 - constants only


def capture_changes() -> list[pgtrigger.Trigger]:
    """Return the triggers for a model's ``Meta.triggers``; they travel in its migrations."""
    return [
        _trigger("insert", pgtrigger.Insert, _MARK % _NEW, pgtrigger.Referencing(new="new_rows")),
        _trigger(
            "update",
            pgtrigger.Update,
            _MARK % f"{_NEW} UNION {_OLD}",
            pgtrigger.Referencing(new="new_rows", old="old_rows"),
        ),
        _trigger("delete", pgtrigger.Delete, _MARK % _OLD, pgtrigger.Referencing(old="old_rows")),
        _trigger("truncate", pgtrigger.Truncate, _MARK_ALL, None),
    ]


def _trigger(
    name: str,
    operation: pgtrigger.Operation,
    sql: str,
    referencing: pgtrigger.Referencing | None,
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=f"mirror_{name}",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        func=pgtrigger.Func(sql),
    )
