from typing import Any

from django.db import migrations

from mirror.capture import functions
from mirror.conf import setting


def create(apps: Any, schema_editor: Any) -> None:
    for sql in functions(setting('SCHEMA')):
        schema_editor.execute(sql)


def drop(apps: Any, schema_editor: Any) -> None:
    for name in ('mirror_mark_dirty', 'mirror_mark_known_dirty'):
        schema_editor.execute(f"DROP FUNCTION {setting('SCHEMA')}.{name}(text, text[])")


class Migration(migrations.Migration):

    dependencies = [
        ('mirror', '0003_generic_names'),
    ]

    operations = [
        migrations.RunPython(create, drop),
    ]
