from importlib import import_module
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Case, F, Index, Q, When
from django.db.models.functions import Greatest

from mirror.capture import functions
from mirror.conf import setting

OWED = Q(revision__gt=F('mirrored_revision'))
DUE_AT = Case(
    When(parked_at__isnull=False, then=None),
    When(OWED, then=Greatest('next_attempt_at', 'claimed_until')),
    default=Greatest('sweep_at', 'next_attempt_at', 'claimed_until'),
)
IN_TURN = Index(
    'model', 'backfill', DUE_AT, 'id',
    condition=OWED | Q(sweep_at__isnull=False), name='ledger_in_turn',
)

before = import_module('mirror.migrations.0004_mark_functions')


def replace_functions(apps: Any, schema_editor: Any) -> None:
    for sql in functions(setting('SCHEMA')):
        schema_editor.execute(sql)


class Migration(migrations.Migration):

    atomic = False  # the index is built concurrently, and an interrupted migration can be repeated

    dependencies = [
        ('mirror', '0007_ledger_due'),
    ]

    operations = [
        migrations.RunSQL(
            'ALTER TABLE mirror_ledgerentry'
            ' ADD COLUMN IF NOT EXISTS backfill boolean DEFAULT false NOT NULL',
            'ALTER TABLE mirror_ledgerentry DROP COLUMN IF EXISTS backfill',
            state_operations=[
                migrations.AddField('ledgerentry', 'backfill', models.BooleanField(db_default=False)),
            ],
        ),
        migrations.RunPython(replace_functions, before.create),
        migrations.RunSQL(
            'DROP INDEX CONCURRENTLY IF EXISTS ledger_in_turn', migrations.RunSQL.noop
        ),
        AddIndexConcurrently('ledgerentry', IN_TURN),
        RemoveIndexConcurrently('ledgerentry', 'ledger_due'),
    ]
