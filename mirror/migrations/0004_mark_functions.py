from typing import Any

from django.db import migrations

from mirror.conf import setting

# As they were then: another migration may change rows before a later one replaces them.
HEADER = 'RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$'
RESET = "attempts = 0, next_attempt_at = now(), parked_at = NULL, error_class = '', error_code = ''"
FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION {{schema}}.mirror_mark_dirty(label text, ids text[]) {HEADER}
BEGIN
    INSERT INTO {{schema}}.mirror_ledgerentry AS entry (model, object_id)
    SELECT label, id FROM unnest(ids) AS changed(id) ORDER BY id COLLATE "C"
    ON CONFLICT (model, object_id) DO UPDATE SET
        revision = entry.revision + 1,
        owed_since = CASE WHEN entry.revision > entry.mirrored_revision
            THEN entry.owed_since ELSE now() END,
        {RESET};
    PERFORM pg_notify('mirror', '');
END $$;
CREATE OR REPLACE FUNCTION {{schema}}.mirror_mark_known_dirty(label text, ids text[]) {HEADER}
BEGIN
    UPDATE {{schema}}.mirror_ledgerentry SET
        revision = revision + 1,
        owed_since = CASE WHEN revision > mirrored_revision THEN owed_since ELSE now() END,
        {RESET}
    WHERE model = label AND (ids IS NULL OR object_id = ANY(ids));
    PERFORM pg_notify('mirror', '');
END $$;
"""  # noqa: S608 - constants


def create(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(FUNCTIONS.format(schema=setting('SCHEMA')))


def drop(apps: Any, schema_editor: Any) -> None:
    for name in ('mirror_mark_dirty', 'mirror_mark_known_dirty'):
        schema_editor.execute(f"DROP FUNCTION {setting('SCHEMA')}.{name}(text, text[])")


class Migration(migrations.Migration):

    dependencies = [
        ('mirror', '0003_generic_names'),
    ]

    operations = [
        migrations.RunPython(create, drop),
    ]
