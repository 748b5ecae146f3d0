# The search index of before goes. Backwards it comes again, with its triggers; 0010 fills it.

from importlib import import_module

import pgtrigger.migrations
from django.db import migrations

WORDS = import_module('sessions_app.migrations.0002_search')
WRITERS = import_module('sessions_app.migrations.0006_qualified_search_triggers')


class Migration(migrations.Migration):

    dependencies = [
        ('sessions_app', '0010_fill_search_texts'),
    ]

    operations = [
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
        migrations.DeleteModel(
            name='SessionSearch',
        ),
        migrations.RunSQL(
            WRITERS.DROP_FUNCTIONS + WORDS.DROP_FUNCTION,
            WORDS.CREATE_FUNCTION + ';' + WRITERS.CREATE_FUNCTIONS,
        ),
    ]
