from typing import Any

from django.db import migrations

PORTION = 500  # sessions in one transaction, so that nobody waits for long

# A trigger may have indexed a session meanwhile: its vector is newer, and stays. Without the lock a
# session that is deleted meanwhile would leave an index row behind.
COPY = """
    WITH portion AS (
        SELECT id, coalesce(
            search, session_search_vector(name, description, transcript_text)
        ) AS vector
        FROM sessions_app_session
        WHERE %(last)s::uuid IS NULL OR id > %(last)s
        ORDER BY id LIMIT %(portion)s
        FOR KEY SHARE
    ), copied AS (
        INSERT INTO sessions_app_sessionsearch (session_id, vector)
        SELECT id, vector FROM portion
        ON CONFLICT (session_id) DO NOTHING
    )
    SELECT id FROM portion ORDER BY id DESC LIMIT 1
"""

# The column is filled when 0003 is undone.
ADD_COLUMN = """
ALTER TABLE sessions_app_session ADD COLUMN IF NOT EXISTS search tsvector;
CREATE INDEX IF NOT EXISTS session_search ON sessions_app_session USING gin (search);
"""


def copy_vectors(apps: Any, schema_editor: Any) -> None:
    last = None
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(COPY, {"last": last, "portion": PORTION})
            row = cursor.fetchone()
            if row is None:
                return
            last = row[0]


class Migration(migrations.Migration):

    atomic = False  # each portion commits by itself; an interrupted migration can be repeated

    dependencies = [
        ('sessions_app', '0003_session_search'),
    ]

    operations = [
        migrations.RunPython(copy_vectors, migrations.RunPython.noop),
        migrations.RunSQL(
            'ALTER TABLE sessions_app_session DROP COLUMN IF EXISTS search',
            ADD_COLUMN,
        ),
    ]
