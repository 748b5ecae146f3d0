# The triggers of the search index call functions that name their table with its schema and run with
# the rights of their owner: a writer needs neither a search_path nor a right on the index.

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

HEADER = 'LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$'

# session_search_vector is that of 0002, but for the schema of the function that it calls.
CREATE_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION public.session_search_vector(name text, description text, transcript text)
RETURNS tsvector LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    size integer := 4000000;
BEGIN
    LOOP
        BEGIN
            RETURN setweight(public.session_search_words(name, size), 'A')
                || setweight(public.session_search_words(description, size), 'B')
                || setweight(public.session_search_words(transcript, size), 'C');
        EXCEPTION WHEN program_limit_exceeded THEN
            size := size / 2;
        END;
    END LOOP;
END $$;

CREATE FUNCTION public.session_search_put(
    session uuid, name text, description text, transcript text
) RETURNS void {HEADER}
BEGIN
    INSERT INTO public.sessions_app_sessionsearch (session_id, vector)
    VALUES (session, public.session_search_vector(name, description, transcript))
    ON CONFLICT (session_id) DO UPDATE SET vector = excluded.vector;
END $$;

CREATE FUNCTION public.session_search_drop(sessions uuid[]) RETURNS void {HEADER}
BEGIN
    IF sessions IS NULL THEN  -- all of them, as TRUNCATE does not say which sessions there were
        DELETE FROM public.sessions_app_sessionsearch;
    ELSE
        DELETE FROM public.sessions_app_sessionsearch WHERE session_id = ANY(sessions);
    END IF;
END $$
"""  # noqa: S608 - a constant only
DROP_FUNCTIONS = """
DROP FUNCTION public.session_search_drop(uuid[]);
DROP FUNCTION public.session_search_put(uuid, text, text, text);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_app', '0005_qualified_triggers'),
    ]

    operations = [
        migrations.RunSQL(CREATE_FUNCTIONS, DROP_FUNCTIONS),
        pgtrigger.migrations.RemoveTrigger(
            model_name='session',
            name='search_index_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='session',
            name='search_index_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='session',
            name='search_index_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='session',
            name='search_index_truncate',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_index_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.session_search_put(NEW.id, NEW.name, NEW.description, NEW.transcript_text);\n    RETURN NULL;\n', hash='510b78193910671eefa6d093004a423b991cdd41', operation='INSERT', pgid='pgtrigger_search_index_insert_f9bcc', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_index_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."transcript_text" IS DISTINCT FROM (NEW."transcript_text"))', func='\n    IF OLD.id <> NEW.id THEN\n        PERFORM public.session_search_drop(ARRAY[OLD.id]);\n    END IF;\n    PERFORM public.session_search_put(NEW.id, NEW.name, NEW.description, NEW.transcript_text);\n    RETURN NULL;\n', hash='19eb3686c8c3ed727120781b4b97cc9486914316', operation='UPDATE', pgid='pgtrigger_search_index_update_33f75', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_index_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.session_search_drop(ARRAY(SELECT id FROM old_rows));\n    RETURN NULL;\n', hash='5f90257b09cede850d2f80496e0ce6704fc81116', level='STATEMENT', operation='DELETE', pgid='pgtrigger_search_index_delete_9d755', referencing='REFERENCING OLD TABLE AS old_rows ', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_index_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.session_search_drop(NULL);\n    RETURN NULL;\n', hash='bd304ba02bf851b7724040748c6cf84a4644e77f', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_search_index_truncate_504db', table='sessions_app_session', when='AFTER')),
        ),
    ]
