# The triggers name the mirror's functions with their schema: a writer needs no search_path.

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('mirror', '0004_mark_functions'),  # what the triggers call
        ('campaigns', '0001_initial'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='campaign',
            name='mirror_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='campaign',
            name='mirror_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='campaign',
            name='mirror_delete',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='campaign',
            name='mirror_truncate',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='mirror_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.mirror_mark_dirty(\'campaigns.campaign\', ARRAY(SELECT "id"::text FROM new_rows));\n    RETURN NULL;\n', hash='15c33c9cee19ec52cee88c8e9b7094ca412df832', level='STATEMENT', operation='INSERT', pgid='pgtrigger_mirror_insert_cf624', referencing='REFERENCING NEW TABLE AS new_rows ', table='campaigns_campaign', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='mirror_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.mirror_mark_dirty(\'campaigns.campaign\', ARRAY(SELECT "id"::text FROM new_rows UNION SELECT "id"::text FROM old_rows));\n    RETURN NULL;\n', hash='3e9dcf99ac155e49564bc2689a568f7559f75edd', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_mirror_update_7c529', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='campaigns_campaign', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='mirror_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.mirror_mark_dirty(\'campaigns.campaign\', ARRAY(SELECT "id"::text FROM old_rows));\n    RETURN NULL;\n', hash='c5e57f3ddef33bac9c40d8605ddfd740453642c0', level='STATEMENT', operation='DELETE', pgid='pgtrigger_mirror_delete_63ccd', referencing='REFERENCING OLD TABLE AS old_rows ', table='campaigns_campaign', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='mirror_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    PERFORM public.mirror_mark_known_dirty('campaigns.campaign', NULL);\n    RETURN NULL;\n", hash='2f41fb82a36676226b81b338984710abd88014a0', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_mirror_truncate_ddd7e', table='campaigns_campaign', when='AFTER')),
        ),
    ]
