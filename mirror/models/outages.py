"""When a store was out of reach: the state of the circuit breakers, and its history."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mirror.errors import Failure

PROBE_INTERVAL = timedelta(seconds=5)  # how often an outage lets one call through


class OutageQuerySet(models.QuerySet["Outage"]):
    """The verbs of a circuit breaker that all processes share."""

    def open(self) -> OutageQuerySet:
        """The outages that last."""
        return self.filter(ended_at=None)

    def begin(self, sink: str, failure: Failure) -> bool:
        """Open the breaker of ``sink``; true for the one caller that has to say so."""
        _, created = self.get_or_create(
            sink=sink,
            ended_at=None,
            defaults={"error_class": failure.error_class[:100], "error_code": failure.code[:100]},
        )
        return created

    def end(self, sink: str) -> bool:
        """Close the breaker of ``sink``; true for the one caller that has to say so."""
        return self.open().filter(sink=sink).update(ended_at=Now()) == 1

    def take_probe(self, sink: str) -> bool:
        """Whether the caller may try ``sink`` although its breaker is open: one at a time."""
        return (
            self.open()
            .filter(sink=sink, probe_at__lte=Now())
            .update(probe_at=Now() + PROBE_INTERVAL)
            == 1
        )


class Outage(models.Model):
    """A time in which one of the stores was out of reach: the breaker's state and its history."""

    sink = models.CharField(max_length=20)
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(db_default=Now())
    error_class = models.CharField(max_length=100)
    error_code = models.CharField(max_length=100)

    objects = OutageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sink"], condition=Q(ended_at=None), name="outage_one_open_per_sink"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sink} since {self.started_at:%Y-%m-%d %H:%M:%S}"
