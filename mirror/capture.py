"""Capture: database triggers that mark a row dirty in the very statement that changes it.

Signals miss the writers that send none (``QuerySet.update``, ``bulk_create``, ``SET_NULL``, raw
SQL, data migrations) and are lost with a process that is killed between save and signal. A
statement-level trigger sees every writer, in the writer's transaction, and costs one ledger
statement for any number of rows. A model declares it: ``triggers = capture_changes()`` in ``Meta``.
"""

import pgtrigger

CHANNEL = "mirror"  # the channel of LISTEN and NOTIFY

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

# pgtrigger fills in `{meta…}` from the model. One upsert for all rows of a statement, ordered by
# key, so that two bulk writers cannot deadlock in the ledger.
_MARK_ROWS = f"""
    INSERT INTO mirror_ledgerentry (model, object_id)
    SELECT '{{meta.label_lower}}', changed.id::text FROM (%s) AS changed(id) ORDER BY 2
    ON CONFLICT (model, object_id) DO UPDATE SET
        revision = mirror_ledgerentry.revision + 1,
        owed_since = CASE
            WHEN mirror_ledgerentry.revision > mirror_ledgerentry.mirrored_revision
            THEN mirror_ledgerentry.owed_since ELSE now() END,
        {_RESET};
    PERFORM pg_notify('{CHANNEL}', '');
    RETURN NULL;
"""  # noqa: S608 - constants only
_OLD = "SELECT {meta.pk.column} FROM old_rows"
_NEW = "SELECT {meta.pk.column} FROM new_rows"

# TRUNCATE has no transition tables: every row of the model that the ledger knows is gone.
_MARK_MODEL = f"""
    UPDATE mirror_ledgerentry SET {MARK_DIRTY}
    WHERE model = '{{meta.label_lower}}';
    PERFORM pg_notify('{CHANNEL}', '');
    RETURN NULL;
"""  # noqa: S608 - constants only


def capture_changes() -> list[pgtrigger.Trigger]:
    """Return the triggers for a model's ``Meta.triggers``. ``makemigrations`` writes them down."""
    return [
        _trigger(
            "insert", pgtrigger.Insert, _MARK_ROWS % _NEW, pgtrigger.Referencing(new="new_rows")
        ),
        _trigger(
            "update",
            pgtrigger.Update,
            _MARK_ROWS % f"{_NEW} UNION {_OLD}",
            pgtrigger.Referencing(new="new_rows", old="old_rows"),
        ),
        _trigger(
            "delete", pgtrigger.Delete, _MARK_ROWS % _OLD, pgtrigger.Referencing(old="old_rows")
        ),
        _trigger("truncate", pgtrigger.Truncate, _MARK_MODEL, None),
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
