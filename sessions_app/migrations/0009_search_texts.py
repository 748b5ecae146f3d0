# Search finds passages: a search vector of a whole evening has no room for its phrases.

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

# Folded words have neither case nor accents, and are letters and digits only. "n't" stays part of
# its word, so that "don't" is not the name Don. The ranges are punctuation and signs; line ends
# stay. (The letters with a name in Unicode but no decomposition are replaced one by one.)
TEXT_FUNCTIONS = r"""
CREATE FUNCTION public.search_fold(raw text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    folded text := lower(raw);
BEGIN
    IF octet_length(raw) <> length(raw) THEN
        folded := lower(regexp_replace(normalize(raw, NFKD), '[\u0300-\u036f]+', '', 'g'));
        folded := replace(replace(folded, 'ß', 'ss'), 'þ', 'th');
        folded := replace(replace(folded, 'æ', 'ae'), 'œ', 'oe');
        folded := replace(translate(folded, 'øłđðıħ', 'olddih'), '’', chr(39));
    END IF;
    RETURN trim(regexp_replace(
        regexp_replace(folded, 'n''t\M', 'nt', 'g'),
        '[\u0001-\u0009\u000b-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7'
        '\u2000-\u2bff\u3000-\u303f\ufe00-\ufe0f\U0001f000-\U0001faff]+', ' ', 'g'
    ));
END $$;

-- An index refuses keys of more than 2,700 bytes.
CREATE FUNCTION public.search_words(words text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY(SELECT left(word, 60) FROM string_to_table(words, ' ') AS word WHERE word <> '')
$$;

-- The cost keeps the planner from computing keys that the index has.
CREATE FUNCTION public.search_keys(owner integer, session uuid, kind text, words text)
RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
DECLARE
    row_keys text[] := ARRAY['@' || owner, '=' || session, '#' || kind];
    word_keys text[] := public.search_words(words);
BEGIN
    IF kind IN ('typed', 'spoken') THEN
        RETURN array_to_tsvector(row_keys || '#whole'::text || word_keys);
    END IF;
    RETURN array_to_tsvector(row_keys || word_keys || ARRAY(
        SELECT word || ' ' || next_word FROM unnest(word_keys, word_keys[2:]) AS pair(word, next_word)
        WHERE next_word IS NOT NULL
    ));
END $$;

-- Whole lines, some 600 characters of them; a long line is divided after each hundred words. Each
-- passage ends with the beginning of the next, so that a phrase across the border is found. All is
-- folded at once: each call of a regular expression is expensive. Of a text of more than a
-- million characters (an evening has 300,000) the beginning is found. Words of 200 letters are none.
CREATE FUNCTION public.search_passages(body text)
RETURNS TABLE (lines integer[], passage text, words text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    WITH numbered AS (
        SELECT number::integer AS line, content FROM string_to_table(
            regexp_replace(left(body, 1000000), '(\S{200})', '\1 ', 'g'), E'\n'
        ) WITH ORDINALITY AS lines(content, number)
        WHERE content <> ''
    ), divided AS (
        SELECT line, 0 AS part, content FROM numbered WHERE length(content) <= 900
        UNION ALL
        SELECT line, ((place - 1) / 100)::integer, string_agg(word, ' ' ORDER BY place)
        FROM numbered, string_to_table(content, ' ') WITH ORDINALITY AS words(word, place)
        WHERE length(content) > 900
        GROUP BY 1, 2
    ), pieces AS (
        SELECT row_number() OVER (ORDER BY line, part) AS piece, line, content FROM divided
    ), folded AS (
        SELECT piece, trim(content) AS words FROM string_to_table(
            public.search_fold((SELECT string_agg(content, E'\n' ORDER BY piece) FROM pieces)), E'\n'
        ) WITH ORDINALITY AS lines(content, piece)
    ), placed AS (
        SELECT piece, line, content, words,
            sum(length(content)) OVER (ORDER BY piece) / 600 AS passage
        FROM pieces JOIN folded USING (piece)
    ), joined AS (
        SELECT max(piece) AS last, array_agg(line ORDER BY piece) AS lines,
            string_agg(content, E'\n' ORDER BY piece) AS content,
            string_agg(words, ' ' ORDER BY piece) FILTER (WHERE words <> '') AS words
        FROM placed GROUP BY passage
    )
    SELECT
        CASE WHEN next.piece IS NULL THEN joined.lines ELSE joined.lines || next.line END,
        concat_ws(E'\n', joined.content, left(next.content, 200)),
        concat_ws(' ', joined.words, nullif(
            array_to_string((string_to_array(next.words, ' '))[1:12], ' '), ''
        ))
    FROM joined LEFT JOIN placed AS next ON next.piece = joined.last + 1
    ORDER BY joined.last
$$;
"""
DROP_TEXT_FUNCTIONS = """
DROP FUNCTION public.search_passages(text);
DROP FUNCTION public.search_keys(integer, uuid, text, text);
DROP FUNCTION public.search_words(text);
DROP FUNCTION public.search_fold(text);
"""

# As in 0006: a writer needs neither a search_path nor a right on the index.
HEADER = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$"
# Each word is looked up in the index, even if the statistics say that the table is empty.
HEADER_OF_PUT = HEADER.replace(" AS $$", " SET enable_seqscan = off AS $$")

INDEX_FUNCTIONS = f"""
CREATE FUNCTION public.search_put(
    session uuid, owner integer, whole text, kinds text[], texts text[]
) RETURNS void {HEADER_OF_PUT}
BEGIN
    DELETE FROM public.sessions_app_searchtext
    WHERE session_id = session AND kind = ANY(kinds || whole);

    INSERT INTO public.sessions_app_searchtext (owner_id, session_id, kind, lines, text, words)
    SELECT owner, session, typed.kind, found.lines, found.passage, found.words
    FROM unnest(kinds, texts) AS typed(kind, body), public.search_passages(body) AS found
    WHERE found.words <> '';

    WITH different AS (
        SELECT word COLLATE "C" AS word, min(id) AS passage
        FROM public.sessions_app_searchtext, unnest(public.search_words(words)) AS word
        WHERE session_id = session AND kind = ANY(kinds)
        GROUP BY word
    ), added AS (
        INSERT INTO public.sessions_app_searchword (owner_id, word)
        SELECT owner, word FROM different WHERE (
            SELECT true FROM public.sessions_app_searchword AS known
            WHERE known.owner_id = owner AND known.word = different.word LIMIT 1
        ) IS NULL  -- not NOT EXISTS: a join by stale statistics would take minutes
    )
    INSERT INTO public.sessions_app_searchtext (owner_id, session_id, kind, lines, text, words)
    SELECT owner, session, whole, '{{}}', '', left(string_agg(word, ' ' ORDER BY passage), 250000)
    FROM different HAVING count(*) > 0;
END $$;

CREATE FUNCTION public.search_put_typed(
    session uuid, owner integer, name text, description text, notes text, summary text, recap text,
    speakers jsonb
) RETURNS void {HEADER}
BEGIN
    PERFORM public.search_put(
        session, owner, 'typed',
        ARRAY['name', 'description', 'notes', 'summary', 'recap', 'speakers'],
        ARRAY[name, description, notes, summary, recap, CASE jsonb_typeof(speakers)
            WHEN 'object' THEN (SELECT string_agg(value, E'\\n') FROM jsonb_each_text(speakers))
        END]
    );
END $$;

CREATE FUNCTION public.search_put_spoken(session uuid, owner integer, transcript text)
RETURNS void {HEADER}
BEGIN
    PERFORM public.search_put(session, owner, 'spoken', ARRAY['transcript'], ARRAY[transcript]);
END $$;

-- The words of an owner go with the last session. NULL, NULL: everything, as TRUNCATE does not say
-- which sessions there were.
CREATE FUNCTION public.search_drop(sessions uuid[], owners integer[]) RETURNS void {HEADER}
BEGIN
    DELETE FROM public.sessions_app_searchtext WHERE sessions IS NULL OR session_id = ANY(sessions);
    DELETE FROM public.sessions_app_searchword AS words
    WHERE (owners IS NULL OR owner_id = ANY(owners)) AND NOT EXISTS (
        SELECT FROM public.sessions_app_session AS sessions WHERE sessions.owner_id = words.owner_id
    );
END $$;
"""  # noqa: S608 - a constant only
DROP_INDEX_FUNCTIONS = """
DROP FUNCTION public.search_drop(uuid[], integer[]);
DROP FUNCTION public.search_put_spoken(uuid, integer, text);
DROP FUNCTION public.search_put_typed(uuid, integer, text, text, text, text, text, jsonb);
DROP FUNCTION public.search_put(uuid, integer, text, text[], text[]);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_app', '0008_order_by_day'),
    ]

    operations = [
        migrations.RunSQL(TEXT_FUNCTIONS, DROP_TEXT_FUNCTIONS),
        migrations.CreateModel(
            name='SearchText',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('owner_id', models.IntegerField()),
                ('session_id', models.UUIDField()),
                ('kind', models.CharField(choices=[('typed', 'Typed'), ('spoken', 'Spoken'), ('name', 'Name'), ('description', 'Description'), ('notes', 'Notes'), ('summary', 'Summary'), ('recap', 'Recap'), ('speakers', 'Speakers'), ('transcript', 'Transcript')], max_length=20)),
                ('lines', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), help_text='The number of each line, from 1.', size=None)),
                ('text', models.TextField(help_text='As it was typed; the last line begins the next passage.')),
                ('words', models.TextField(help_text='Folded, with a space between.')),
            ],
        ),
        migrations.CreateModel(
            name='SearchWord',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('owner_id', models.IntegerField()),
                ('word', models.TextField(db_collation='C')),
            ],
        ),
        migrations.AddIndex(
            model_name='searchtext',
            index=models.Index(fields=['session_id', 'kind'], name='search_text_session'),
        ),
        migrations.AddIndex(
            model_name='searchtext',
            index=django.contrib.postgres.indexes.GinIndex(models.Func('owner_id', 'session_id', 'kind', 'words', function='public.search_keys', output_field=django.contrib.postgres.search.SearchVectorField()), fastupdate=False, name='search_text_keys'),
        ),
        migrations.AddIndex(
            model_name='searchword',
            index=models.Index(fields=['owner_id', 'word'], name='search_word_owner'),
        ),
        migrations.RunSQL(INDEX_FUNCTIONS, DROP_INDEX_FUNCTIONS),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_text_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.search_put_typed(\n        NEW.id, NEW.owner_id, NEW.name, NEW.description, NEW.notes, NEW.summary, NEW.player_recap,\n        NEW.speaker_names\n    );\n\n    PERFORM public.search_put_spoken(NEW.id, NEW.owner_id, NEW.transcript_text);\n\n    RETURN NULL;\n', hash='b2bf0da0893eb7c5e1f429db5204509ff9690e67', operation='INSERT', pgid='pgtrigger_search_text_insert_90471', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_text_typed', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."notes" IS DISTINCT FROM (NEW."notes") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."player_recap" IS DISTINCT FROM (NEW."player_recap") OR OLD."speaker_names" IS DISTINCT FROM (NEW."speaker_names") OR OLD."summary" IS DISTINCT FROM (NEW."summary"))', func='\n    PERFORM public.search_put_typed(\n        NEW.id, NEW.owner_id, NEW.name, NEW.description, NEW.notes, NEW.summary, NEW.player_recap,\n        NEW.speaker_names\n    );\n\n    RETURN NULL;\n', hash='86c40d136784320108454c137c7b1be246001b7f', operation='UPDATE', pgid='pgtrigger_search_text_typed_f2608', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_text_spoken', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."transcript_text" IS DISTINCT FROM (NEW."transcript_text"))', func='\n    IF OLD.id <> NEW.id THEN\n        PERFORM public.search_drop(ARRAY[OLD.id], ARRAY[OLD.owner_id]);\n    END IF;\n\n    PERFORM public.search_put_spoken(NEW.id, NEW.owner_id, NEW.transcript_text);\n\n    RETURN NULL;\n', hash='2a7e40912a0a234b93690644f21c76120ad3ddef', operation='UPDATE', pgid='pgtrigger_search_text_spoken_c3626', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_text_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.search_drop(\n        ARRAY(SELECT id FROM old_rows), ARRAY(SELECT DISTINCT owner_id FROM old_rows)\n    );\n\n    RETURN NULL;\n', hash='255b29b6273e868b0011260c9b040f9018dc03e2', level='STATEMENT', operation='DELETE', pgid='pgtrigger_search_text_delete_27395', referencing='REFERENCING OLD TABLE AS old_rows ', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_text_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.search_drop(NULL, NULL);\n\n    RETURN NULL;\n', hash='ec05133bfcbcf7f6238a30a80aeece31cde17da4', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_search_text_truncate_64183', table='sessions_app_session', when='AFTER')),
        ),
    ]
