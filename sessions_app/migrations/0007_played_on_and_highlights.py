import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_language_and_share_token'),
        ('sessions_app', '0006_qualified_search_triggers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Highlight',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('quote', models.TextField(max_length=2000)),
                ('speaker', models.CharField(blank=True, max_length=100)),
                ('start', models.FloatField(blank=True, help_text='Seconds from the start of the recording.', null=True)),
                ('turn', models.PositiveIntegerField(help_text='The number of the turn, from 1.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['turn', 'created_at', 'id'],
            },
        ),
        migrations.AddField(
            model_name='session',
            name='played_on',
            field=models.DateField(blank=True, help_text='The day of play. Sessions are listed by it.', null=True),
        ),
        migrations.AddField(
            model_name='highlight',
            name='session',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='highlights', to='sessions_app.session'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='highlight',
            trigger=pgtrigger.compiler.Trigger(name='mirror_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.mirror_mark_dirty(\'sessions_app.highlight\', ARRAY(SELECT "id"::text FROM new_rows));\n    RETURN NULL;\n', hash='ff003e6faa9afebf59091056925417e3d18093c4', level='STATEMENT', operation='INSERT', pgid='pgtrigger_mirror_insert_54e9a', referencing='REFERENCING NEW TABLE AS new_rows ', table='sessions_app_highlight', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='highlight',
            trigger=pgtrigger.compiler.Trigger(name='mirror_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.mirror_mark_dirty(\'sessions_app.highlight\', ARRAY(SELECT "id"::text FROM new_rows UNION SELECT "id"::text FROM old_rows));\n    RETURN NULL;\n', hash='e9d1d13c87a8702e5bb7f2aac46539307faae47d', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_mirror_update_05fff', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='sessions_app_highlight', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='highlight',
            trigger=pgtrigger.compiler.Trigger(name='mirror_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    PERFORM public.mirror_mark_dirty(\'sessions_app.highlight\', ARRAY(SELECT "id"::text FROM old_rows));\n    RETURN NULL;\n', hash='be53b93e0db79cae08956aa371024e98beb818db', level='STATEMENT', operation='DELETE', pgid='pgtrigger_mirror_delete_ce233', referencing='REFERENCING OLD TABLE AS old_rows ', table='sessions_app_highlight', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='highlight',
            trigger=pgtrigger.compiler.Trigger(name='mirror_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    PERFORM public.mirror_mark_known_dirty('sessions_app.highlight', NULL);\n    RETURN NULL;\n", hash='b9d46dadf3f78cacb9cf0d01d76dcc0a9b4b89c0', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_mirror_truncate_b2a04', table='sessions_app_highlight', when='AFTER')),
        ),
    ]
