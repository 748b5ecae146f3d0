# The triggers name the mirror's functions with their schema: a writer needs no search_path.

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('mirror', '0004_mark_functions'),  # what the triggers call
        ('sessions_app', '0004_fill_session_search'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='session',
            name='mirror_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='session',
            name='mirror_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='session',
            name='mirror_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='session',
            name='mirror_truncate',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='mirror_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.mirror_mark_dirty(\'sessions_app.session\', ARRAY(SELECT "id"::text FROM new_rows));\n    RETURN NULL;\n', hash='97eab3a8355eaeba1b8f6acb0a0c18a82471d2b5', level='STATEMENT', operation='INSERT', pgid='pgtrigger_mirror_insert_74e8d', referencing='REFERENCING NEW TABLE AS new_rows ', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='mirror_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.mirror_mark_dirty(\'sessions_app.session\', ARRAY(SELECT "id"::text FROM new_rows UNION SELECT "id"::text FROM old_rows));\n    RETURN NULL;\n', hash='08d8908585e4b8d5b48faba09cc7148ba13ceb19', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_mirror_update_15226', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='mirror_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.mirror_mark_dirty(\'sessions_app.session\', ARRAY(SELECT "id"::text FROM old_rows));\n    RETURN NULL;\n', hash='cc93c453da9482ad65281d16c55213ada9c101eb', level='STATEMENT', operation='DELETE', pgid='pgtrigger_mirror_delete_82137', referencing='REFERENCING OLD TABLE AS old_rows ', table='sessions_app_session', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='session',
            trigger=pgtrigger.compiler.Trigger(name='mirror_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    PERFORM public.mirror_mark_known_dirty('sessions_app.session', NULL);\n    RETURN NULL;\n", hash='4ed65dd4833758f9956a8e07e47b31958d7fbb2f', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_mirror_truncate_475ab', table='sessions_app_session', when='AFTER')),
        ),
    ]
