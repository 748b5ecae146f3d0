from importlib import import_module
from typing import Any

from django.db import migrations

from mirror.capture import functions
from mirror.conf import setting

before = import_module('mirror.migrations.0004_mark_functions')


def replace_functions(apps: Any, schema_editor: Any) -> None:
    for sql in functions(setting('SCHEMA')):
        schema_editor.execute(sql)


class Migration(migrations.Migration):

    dependencies = [
        ('mirror', '0007_ledger_due'),
    ]

    operations = [
        migrations.RunPython(replace_functions, before.create),
    ]
