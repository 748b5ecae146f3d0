"""Outages: the state of the circuit breakers, shared by all processes, and its history."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mirror.errors import Failure, Kind
from mirror.models.gauges import owed_by_model
from mirror.models.primary import PrimaryManager

UNSETTLED = Q(waiting__isnull=False, equal_at=None)
PROBE_INTERVAL = timedelta(seconds=5)  # how often an outage lets one call through


class OutageQuerySet(models.QuerySet["Outage"]):
    """The verbs of a circuit breaker."""

    def open(self) -> OutageQuerySet:
        """The outages that have not ended."""
        return self.filter(ended_at=None)

    def begin(self, store: str, failure: Failure) -> bool:
        """Open the breaker of ``store``; true for the one caller that has to report it.

        If it is open already, note the present reason, which helps more than the first.
        """
        reason = {"error_class": failure.error_class[:100], "error_code": failure.code[:100]}
        if self.open().filter(store=store).update(**reason):
            return False
        _, created = self.get_or_create(store=store, ended_at=None, defaults=reason)
        return created

    def end(self, store: str) -> int | None:
        """Close the breaker of ``store``, and return how many changes are pending.

        None but for the one caller that has to report it.
        """
        waiting = sum(owed.pending for owed in owed_by_model().values())
        ended = self.open().filter(store=store).update(ended_at=Now(), waiting=waiting)
        return waiting if ended else None

    def settle(self) -> None:
        """Note of the outages that are over whether all that was pending then is mirrored."""
        unsettled = self.filter(UNSETTLED)
        if not unsettled.exists():
            return
        waits = [owed.longest_wait for owed in owed_by_model().values()]
        caught_up = unsettled.filter(ended_at__lt=Now() - max(waits, default=timedelta()))
        caught_up.update(equal_at=Now())

    def take_probe(self, store: str) -> bool:
        """Whether the caller may send the one probe that an open breaker allows now."""
        return (
            self.open()
            .filter(store=store, probe_at__lte=Now())
            .update(probe_at=Now() + PROBE_INTERVAL)
            == 1
        )


OutageManager = PrimaryManager.from_queryset(OutageQuerySet)


class Outage(models.Model):
    """A time in which one of the stores was out of reach.

    ``waiting`` is how many changes were pending at its end, as far as a gauge counts. ``equal_at``
    is when the worker saw that all of them were mirrored; it looks every few seconds. Both are
    null until then, and of outages that ended before they were recorded.
    """

    store = models.CharField(max_length=20)
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(db_default=Now())
    waiting = models.BigIntegerField(null=True)
    equal_at = models.DateTimeField(null=True)
    error_class = models.CharField(max_length=100)
    error_code = models.CharField(max_length=100)

    objects = OutageManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store"], condition=Q(ended_at=None), name="outage_one_open_per_store"
            )
        ]
        indexes = [models.Index(fields=["ended_at"], condition=UNSETTLED, name="outage_unsettled")]

    def __str__(self) -> str:
        return f"{self.store} since {self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def failure(self) -> Failure:
        """Its last failure, as far as it is recorded."""
        return Failure(Kind.UNREACHABLE, self.error_class, self.error_code, self.store)
