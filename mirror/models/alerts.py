"""Alerts: which conditions somebody has to know of, and when they were last told.

All processes share them, so each condition is told once, whoever notices it.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mirror.models.primary import PrimaryManager

AGAIN = timedelta(hours=20)  # less than a day: what each daily check finds is told each day
OVER = timedelta(minutes=10)  # a condition that comes back sooner has not ended


class AlertQuerySet(models.QuerySet["Alert"]):
    """The verbs of alerts."""

    def holds(self, condition: str, *, lasting: timedelta = timedelta()) -> bool:
        """Note that a condition holds; true for the one caller that has to tell.

        It is told once it has held for ``lasting``, and every ``AGAIN`` while it goes on.
        """
        self.bulk_create(
            [Alert(condition=condition)],
            update_conflicts=True,
            unique_fields=["condition"],
            update_fields=["seen_at"],
        )
        untold = Q(told_at=None) | Q(told_at__lte=Now() - AGAIN)
        due = self.filter(untold, condition=condition, since__lte=Now() - lasting)
        return due.update(told_at=Now()) == 1

    def holds_not(self, condition: str) -> bool:
        """Note that it does not; true for the one caller that has to say that it is over."""
        over = self.filter(condition=condition, seen_at__lte=Now() - OVER)
        over.filter(told_at=None).delete()
        ended, _ = over.delete()
        return ended == 1


AlertManager = PrimaryManager.from_queryset(AlertQuerySet)


class Alert(models.Model):
    """A condition that holds, or did until a moment ago."""

    condition = models.CharField(max_length=30, primary_key=True)
    since = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    told_at = models.DateTimeField(null=True)

    objects = AlertManager()

    def __str__(self) -> str:
        return f"{self.condition} since {self.since:%Y-%m-%d %H:%M}"
