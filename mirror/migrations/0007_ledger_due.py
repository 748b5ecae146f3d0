from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations
from django.db.models import Case, F, Index, Q, When
from django.db.models.functions import Greatest

OWED = Q(revision__gt=F('mirrored_revision'))
DUE_AT = Case(
    When(parked_at__isnull=False, then=None),
    When(OWED, then=Greatest('next_attempt_at', 'claimed_until')),
    default=Greatest('sweep_at', 'next_attempt_at', 'claimed_until'),
)
NEW = [
    Index('model', DUE_AT, 'id', condition=OWED | Q(sweep_at__isnull=False), name='ledger_due'),
    Index(fields=['claimed_until'], condition=Q(claimed_until__isnull=False), name='ledger_claimed'),
    Index(fields=['parked_at', 'id'], condition=Q(parked_at__isnull=False), name='ledger_parked'),
]

# A change makes up to four versions of an entry (marked, claimed, recorded, acknowledged). Half of
# each page is left free for them, so that they stay together and the one that changes no indexed
# column (recorded) costs no index entry. What is dead is removed, and the statistics renewed, after
# a fiftieth of the ledger has changed, not a fifth.
STORAGE = """
ALTER TABLE mirror_ledgerentry SET (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.02,
    autovacuum_analyze_threshold = 1000
)
"""
NO_STORAGE = """
ALTER TABLE mirror_ledgerentry RESET (
    fillfactor,
    autovacuum_vacuum_scale_factor,
    autovacuum_vacuum_threshold,
    autovacuum_analyze_scale_factor,
    autovacuum_analyze_threshold
)
"""


class Migration(migrations.Migration):

    atomic = False  # indexes are built concurrently: nobody waits for this migration

    dependencies = [
        ('mirror', '0006_attempted_items'),
    ]

    operations = [
        migrations.RunSQL(STORAGE, NO_STORAGE),
        # An interrupted build leaves an invalid index behind: so this can be run again.
        *(
            operation
            for index in NEW
            for operation in (
                migrations.RunSQL(
                    f'DROP INDEX CONCURRENTLY IF EXISTS {index.name}', migrations.RunSQL.noop
                ),
                AddIndexConcurrently('ledgerentry', index),
            )
        ),
        RemoveIndexConcurrently('ledgerentry', 'ledger_owed'),
        RemoveIndexConcurrently('ledgerentry', 'ledger_sweep'),
    ]
