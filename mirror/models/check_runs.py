"""The history of checks: the evidence of the validation period."""

from __future__ import annotations

from django.db import models

from mirror.formats import moment, percent
from mirror.models.primary import PrimaryManager

MOST_PENDING = 1  # percent of the rows


def is_conclusive(expected: int, pending: int) -> bool:
    """Whether a check left so little pending that it counts: what is pending is not compared.

    One row may be pending in any table, however small, unless that is all of it.
    """
    all_pending = pending and pending == expected
    return not all_pending and pending * 100 <= max(expected * MOST_PENDING, 100)


class CheckRun(models.Model):
    """One run of ``mirror_check``. Counts and keys only, never what people wrote."""

    started_at = models.DateTimeField()
    seconds = models.FloatField()
    complete = models.BooleanField()  # false if only a sample was compared
    deep = models.BooleanField(db_default=False)  # every object was read
    shares = models.IntegerField(db_default=1)  # the machines that shared it
    expected = models.BigIntegerField()
    in_sync = models.BigIntegerField()
    pending = models.BigIntegerField()
    parked = models.BigIntegerField()
    oldest_pending_seconds = models.FloatField(null=True)
    counts = models.JSONField()  # findings by kind
    findings = models.JSONField()  # the first of them, as mirror_check --json prints them
    parity_percent = models.DecimalField(max_digits=7, decimal_places=4)
    # What a first comparison found and ``--repair`` tried to repair; the other figures, and the
    # findings, are those of the comparison afterwards. Again the first, and how many there were.
    repaired = models.JSONField(db_default=[])
    repaired_count = models.BigIntegerField(db_default=0)
    read_units = models.FloatField(null=True)  # as far as DynamoDB reported them
    changes = models.JSONField(null=True)  # mirrored before the check began, since counting began

    objects = PrimaryManager["CheckRun"]()

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["-started_at"], name="check_run_newest")]

    def __str__(self) -> str:
        return f"{moment(self.started_at)}: {percent(self.parity_percent)}"

    @property
    def differences(self) -> int:
        """The number of findings."""
        return sum(self.counts.values())

    @property
    def conclusive(self) -> bool:
        """Whether it compared enough to prove anything."""
        return is_conclusive(self.expected, self.pending)
