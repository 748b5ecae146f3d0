"""The history of restores: evidence that there is a way back."""

from __future__ import annotations

from django.db import models

from mirror.models.primary import PrimaryManager


class RestoreRun(models.Model):
    """One run of ``mirror_restore`` that came to its end. Numbers only, no names of rows."""

    started_at = models.DateTimeField()
    seconds = models.FloatField()
    dry_run = models.BooleanField()
    # Each row of PostgreSQL came back as it is, but for those that are pending, and no other row
    # came back.
    complete = models.BooleanField()
    rows = models.JSONField()  # by model: how many are equal, differ, and so on

    objects = PrimaryManager["RestoreRun"]()

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["-started_at"], name="restore_run_newest")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}, {'complete' if self.complete else 'incomplete'}"

    def count(self, *results: str) -> int:
        """Return how many rows had one of these results, such as "equal"."""
        return sum(counts[result] for counts in self.rows.values() for result in results)
