# Fills the search index, or, backwards, the one that was before it.

from typing import Any

from django.db import migrations

# Each session in a transaction of its own, and locked: nobody waits for more than one, and what
# somebody saves meanwhile is indexed after it.
NEXT = """
    WITH session AS MATERIALIZED (
        SELECT * FROM sessions_app_session WHERE %(last)s::uuid IS NULL OR id > %(last)s
        ORDER BY id LIMIT 1 FOR NO KEY UPDATE
    )
"""
PUT = f"""{NEXT}
    SELECT id,
        public.search_put_typed(
            id, owner_id, name, description, notes, summary, player_recap, speaker_names
        ),
        public.search_put_spoken(id, owner_id, transcript_text)
    FROM session
"""  # noqa: S608 - a constant only
PUT_BEFORE = f"""{NEXT}
    SELECT id, public.session_search_put(id, name, description, transcript_text) FROM session
"""  # noqa: S608 - a constant only


def fill(apps: Any, schema_editor: Any) -> None:
    for_each_session(schema_editor, PUT)


def fill_before(apps: Any, schema_editor: Any) -> None:
    for_each_session(schema_editor, PUT_BEFORE)


def for_each_session(schema_editor: Any, statement: str) -> None:
    last = None
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(statement, {"last": last})
            row = cursor.fetchone()
            if row is None:
                return
            last = row[0]


class Migration(migrations.Migration):

    atomic = False  # an interrupted migration can be repeated

    dependencies = [
        ('sessions_app', '0009_search_texts'),
    ]

    operations = [
        migrations.RunPython(fill, fill_before),
    ]
