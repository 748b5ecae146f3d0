from typing import Any

from django.db import migrations, models

# The kinds of findings say "object" now: the mirror knows of no transcripts.
RENAME_KINDS = """
UPDATE mirror_checkrun SET
    counts = (
        SELECT coalesce(jsonb_object_agg(replace(kind, %(old)s, %(new)s), number), '{}')
        FROM jsonb_each(counts) AS each_count(kind, number)
    ),
    findings = (
        SELECT coalesce(
            jsonb_agg(
                finding || jsonb_build_object('kind', replace(finding->>'kind', %(old)s, %(new)s))
                ORDER BY place
            ), '[]'
        )
        FROM jsonb_array_elements(findings) WITH ORDINALITY AS each_finding(finding, place)
    )
"""


def rename_kinds(old: str, new: str) -> Any:
    def run(apps: Any, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(RENAME_KINDS, {"old": old, "new": new})

    return run


class Migration(migrations.Migration):

    dependencies = [
        ('mirror', '0002_check_runs'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='outage', name='outage_one_open_per_sink'),
        migrations.RenameField(model_name='outage', old_name='sink', new_name='store'),
        migrations.AddConstraint(
            model_name='outage',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('store',), name='outage_one_open_per_store'),
        ),
        migrations.RunPython(rename_kinds('transcript_', 'object_'), rename_kinds('object_', 'transcript_')),
    ]
