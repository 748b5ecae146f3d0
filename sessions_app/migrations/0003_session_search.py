# The search index moves from a column of the session, which every page would load, to a table.

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

# When the migration is undone, the column of 0002 gets its content back. Its triggers are there
# again by then, so no change is missed. The sessions themselves do not change, so the mirror's
# triggers are off meanwhile.
FILL_COLUMN = """
ALTER TABLE sessions_app_session DISABLE TRIGGER USER;
UPDATE sessions_app_session SET search = vector
    FROM sessions_app_sessionsearch WHERE session_id = id;
ALTER TABLE sessions_app_session ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_app', '0002_search'),
    ]

    operations = [
        migrations.CreateModel(
            name='SessionSearch',
            fields=[
                ('session', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='search_index', serialize=False, to='sessions_app.session')),
                ('vector', django.contrib.postgres.search.SearchVectorField()),
            ],
        ),
        migrations.RunSQL(migrations.RunSQL.noop, FILL_COLUMN),
        pgtrigger.migrations.RemoveTrigger(
            model_name='session',
            name='search_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='session',
            name='search_update',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_index_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO sessions_app_sessionsearch (session_id, vector)\n    VALUES (NEW.id, session_search_vector(NEW.name, NEW.description, NEW.transcript_text))\n    ON CONFLICT (session_id) DO UPDATE SET vector = excluded.vector;\n    RETURN NULL;\n', hash='fa3cecfb951b0e210a45659e2342ac23f32a3184', operation='INSERT', pgid='pgtrigger_search_index_insert_f9bcc', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_index_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."transcript_text" IS DISTINCT FROM (NEW."transcript_text"))', func='\n    DELETE FROM sessions_app_sessionsearch WHERE session_id = OLD.id AND OLD.id <> NEW.id;\n    INSERT INTO sessions_app_sessionsearch (session_id, vector)\n    VALUES (NEW.id, session_search_vector(NEW.name, NEW.description, NEW.transcript_text))\n    ON CONFLICT (session_id) DO UPDATE SET vector = excluded.vector;\n    RETURN NULL;\n', hash='4b5d584b899b7f3bdeed4ad7dad82f8e0becea31', operation='UPDATE', pgid='pgtrigger_search_index_update_33f75', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_index_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    DELETE FROM sessions_app_sessionsearch USING old_rows WHERE session_id = old_rows.id;\n    RETURN NULL;\n', hash='ce8e3108749850eccd38646f76e45580ec92139f', level='STATEMENT', operation='DELETE', pgid='pgtrigger_search_index_delete_9d755', referencing='REFERENCING OLD TABLE AS old_rows ', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='search_index_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    DELETE FROM sessions_app_sessionsearch;\n    RETURN NULL;\n', hash='284b96ab139f5526c40459191f396c4ba0b9f63a', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_search_index_truncate_504db', table='sessions_app_session', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='sessionsearch',
            index=django.contrib.postgres.indexes.GinIndex(fields=['vector'], name='session_search_vector'),
        ),
    ]
