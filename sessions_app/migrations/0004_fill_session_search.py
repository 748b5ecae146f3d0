from typing import Any

from django.db import migrations

PORTION = 500  # sessions in one transaction: nobody waits for long

# What a trigger has indexed meanwhile is newer, and stays.
COPY = """
    WITH portion AS (
        SELECT id, search FROM sessions_app_session
        WHERE id > %s ORDER BY id LIMIT %s
    ), copied AS (
        INSERT INTO sessions_app_sessionsearch (session_id, vector)
        SELECT id, search FROM portion WHERE search IS NOT NULL
        ON CONFLICT (session_id) DO NOTHING
    )
    SELECT id FROM portion ORDER BY id DESC LIMIT 1
"""


def copy_vectors(apps: Any, schema_editor: Any) -> None:
    last = "00000000-0000-0000-0000-000000000000"
    with schema_editor.connection.cursor() as cursor:
        while last:
            cursor.execute(COPY, [last, PORTION])
            row = cursor.fetchone()
            last = row and row[0]


class Migration(migrations.Migration):

    atomic = False  # each portion commits by itself; an interrupted migration can be repeated

    dependencies = [
        ('sessions_app', '0003_session_search'),
    ]

    operations = [
        migrations.RunPython(copy_vectors, migrations.RunPython.noop),
        migrations.RunSQL(
            'ALTER TABLE sessions_app_session DROP COLUMN IF EXISTS search',
            'ALTER TABLE sessions_app_session ADD COLUMN search tsvector',
        ),
    ]
