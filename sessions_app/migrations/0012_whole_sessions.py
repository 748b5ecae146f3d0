# Search finds pairs of words in whole sessions, too, by keys that passages do not have.

from importlib import import_module
from typing import Any

from django.db import migrations

BEFORE = import_module('sessions_app.migrations.0009_search_texts')
FILL = import_module('sessions_app.migrations.0010_fill_search_texts')

# A passage is one line. The keys of a whole session begin with "!": there are few of each, so that
# a search by them reads a row or two of each session, and no passages.
FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION public.search_keys(owner integer, session uuid, kind text, words text)
RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
DECLARE
    mark text := CASE WHEN kind IN ('typed', 'spoken') THEN '!' ELSE '' END;
BEGIN
    RETURN array_to_tsvector(ARRAY['@' || owner, '=' || session, '#' || kind] || ARRAY(
        SELECT mark || key
        FROM string_to_table(words, E'\\n') AS line, public.search_words(line) AS line_words,
            unnest(line_words || ARRAY(
                SELECT word || ' ' || next_word
                FROM unnest(line_words, line_words[2:]) AS pair(word, next_word)
                WHERE next_word IS NOT NULL
            )) AS key
    ));
END $$;

-- The keys of a row have room for a million bytes: those of 200,000 bytes, with the pairs.
CREATE OR REPLACE FUNCTION public.search_put_whole(
    session uuid, owner integer, whole text, kinds text[]
) RETURNS void {BEFORE.HEADER_OF_PUT}
BEGIN
    DELETE FROM public.sessions_app_searchtext WHERE session_id = session AND kind = whole;

    INSERT INTO public.sessions_app_searchtext (owner_id, session_id, kind, lines, text, words)
    SELECT owner, session, whole, '{{}}', '', string_agg(words, E'\\n' ORDER BY id)
    FROM (
        SELECT id, words, sum(octet_length(words)) OVER (ORDER BY id) / 200000 AS part
        FROM public.sessions_app_searchtext WHERE session_id = session AND kind = ANY(kinds)
    ) AS passages
    GROUP BY part;
END $$;

-- Passages that are there already stay: a corrected turn changes one or two of three hundred. NOT IN
-- is hashed, and no column is null; the statistics know nothing of these rows.
CREATE OR REPLACE FUNCTION public.search_put(
    session uuid, owner integer, whole text, kinds text[], texts text[]
) RETURNS void {BEFORE.HEADER_OF_PUT}
BEGIN
    WITH found AS MATERIALIZED (
        SELECT owner AS owner_id, typed.kind, found.lines, found.passage AS text, found.words
        FROM unnest(kinds, texts) AS typed(kind, body), public.search_passages(body) AS found
        WHERE found.words <> ''
    ), kept AS MATERIALIZED (
        SELECT id, owner_id, kind, lines, text, words FROM public.sessions_app_searchtext
        WHERE session_id = session AND kind = ANY(kinds)
    ), gone AS (
        DELETE FROM public.sessions_app_searchtext WHERE id = ANY(ARRAY(
            SELECT id FROM kept
            WHERE (owner_id, kind, lines, text, words) NOT IN (SELECT * FROM found)
        ))
    ), added AS (
        INSERT INTO public.sessions_app_searchtext (owner_id, session_id, kind, lines, text, words)
        SELECT owner_id, session, kind, lines, text, words FROM found
        WHERE (owner_id, kind, lines, text, words) NOT IN (
            SELECT owner_id, kind, lines, text, words FROM kept
        )
        RETURNING words
    ), different AS (
        SELECT DISTINCT word COLLATE "C" AS word FROM added, unnest(public.search_words(words)) AS word
    )
    INSERT INTO public.sessions_app_searchword (owner_id, word)
    SELECT owner, word FROM different WHERE (
        SELECT true FROM public.sessions_app_searchword AS known
        WHERE known.owner_id = owner AND known.word = different.word LIMIT 1
    ) IS NULL;  -- not NOT EXISTS: a join by stale statistics would take minutes

    PERFORM public.search_put_whole(session, owner, whole, kinds);
END $$;
"""  # noqa: S608 - a constant only
FUNCTIONS_BEFORE = "DROP FUNCTION IF EXISTS public.search_put_whole(uuid, integer, text, text[]);" + (
    BEFORE.TEXT_FUNCTIONS + BEFORE.INDEX_FUNCTIONS
).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")

PUT_WHOLE = f"""{FILL.NEXT}
    SELECT id,
        public.search_put_whole(id, owner_id, 'typed', ARRAY[
            'name', 'description', 'notes', 'summary', 'recap', 'speakers'
        ]),
        public.search_put_whole(id, owner_id, 'spoken', ARRAY['transcript'])
    FROM session
"""  # noqa: S608 - a constant only


def fill(apps: Any, schema_editor: Any) -> None:
    FILL.for_each_session(schema_editor, PUT_WHOLE)


class Migration(migrations.Migration):

    atomic = False  # as in 0010

    dependencies = [
        ('sessions_app', '0011_drop_session_search'),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, FILL.fill),  # backwards it comes last
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BEFORE),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
