# Sessions are listed by the day of play. The indexes are made without locking out writers.

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Coalesce

DAY = Coalesce(
    'played_on',
    models.Func(
        'created_at',
        template="((%(expressions)s AT TIME ZONE 'UTC')::date)",
        output_field=models.DateField(),
    ),
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('sessions_app', '0007_played_on_and_highlights'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='session',
            index=models.Index(models.F('owner'), DAY.desc(), models.F('created_at').desc(), name='session_owner_day'),
        ),
        AddIndexConcurrently(
            model_name='session',
            index=models.Index(models.F('campaign'), DAY.desc(), models.F('created_at').desc(), name='session_campaign_day'),
        ),
        migrations.AlterModelOptions(
            name='session',
            options={'ordering': [DAY.desc(), '-created_at', 'id']},
        ),
        RemoveIndexConcurrently(model_name='session', name='session_owner_newest'),
        RemoveIndexConcurrently(model_name='session', name='session_campaign_newest'),
    ]
