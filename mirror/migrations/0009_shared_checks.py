import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mirror', '0008_live_changes_first'),
    ]

    operations = [
        migrations.CreateModel(
            name='SharedCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('closed', models.BooleanField(default=False)),
                ('shares', models.IntegerField()),
                ('deep', models.BooleanField()),
                ('labels', models.JSONField()),
                ('segments', models.IntegerField()),
                ('bounds', models.JSONField()),
                ('buckets', models.IntegerField()),
                ('tokens', models.JSONField(default=dict)),
                ('figures', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='CheckNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=32)),
                ('kind', models.CharField(max_length=10)),
                ('bucket', models.IntegerField()),
                ('content', models.BinaryField()),
                ('shared_check', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='mirror.sharedcheck')),
            ],
            options={
                'indexes': [models.Index(fields=['shared_check', 'bucket'], name='check_note_bucket')],
            },
        ),
        # The check is done again if PostgreSQL crashes. A logged table must not refer to one that
        # is not, hence the order.
        migrations.RunSQL(
            'ALTER TABLE mirror_checknote SET UNLOGGED', migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            'ALTER TABLE mirror_sharedcheck SET UNLOGGED', migrations.RunSQL.noop
        ),
    ]
