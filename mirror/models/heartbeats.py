"""Heartbeats: which worker processes are alive, as PostgreSQL has last heard of them."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from django.db import Error, connection, models
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Min, Q
from django.db.models.functions import Now

from mirror import __version__
from mirror.formats import duration
from mirror.models.claims import LOSSY
from mirror.models.primary import PrimaryManager

INTERVAL = 5.0  # seconds between two heartbeats of a process
ALIVE = timedelta(seconds=30)  # without a heartbeat for longer, a process counts as dead
KEPT = timedelta(minutes=10)  # a new process removes the rows that are older
ALIVE_NOW = Q(stopped=False, last_seen_at__gt=Now() - ALIVE)


class Workers(NamedTuple):
    """How many worker processes are alive, and how long ago any of them was heard of."""

    alive: int
    last_seen_at: datetime | None
    silent_for: timedelta | None

    def __str__(self) -> str:
        if self.silent_for is None:
            return "Workers: none alive, none was ever seen."
        return f"Workers: {self.alive or 'none'} alive, last seen {duration(self.silent_for)} ago."


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    """The verbs of heartbeats."""

    def alive(self) -> HeartbeatQuerySet:
        """The processes that have been heard of lately, and not of their end."""
        return self.filter(ALIVE_NOW)

    def workers(self) -> Workers:
        """Sum the heartbeats up."""
        silence = ExpressionWrapper(Now() - F("last_seen_at"), output_field=DurationField())
        found = self.aggregate(
            alive=Count("pk", filter=ALIVE_NOW),
            seen=Max("last_seen_at"),
            silent_for=Min(silence),
        )
        return Workers(found["alive"], found["seen"], found["silent_for"])

    def remove_old(self) -> None:
        """Remove processes that ended long ago."""
        self.filter(last_seen_at__lte=Now() - KEPT).delete()


HeartbeatManager = PrimaryManager.from_queryset(HeartbeatQuerySet)


class Heartbeat(models.Model):
    """One worker process. Its key is made up at its start, since process ids come again."""

    id = models.UUIDField(primary_key=True)
    host = models.CharField(max_length=255)
    process_id = models.IntegerField()
    version = models.CharField(max_length=50)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    last_claim_at = models.DateTimeField(null=True)
    stopped = models.BooleanField(db_default=False)  # it has ended in order

    objects = HeartbeatManager()

    def __str__(self) -> str:
        return f"{self.host} {self.process_id}"


class Pulse:
    """The heartbeat of this process."""

    def __init__(self) -> None:
        self._id = uuid4()
        self._next = 0.0  # by the monotonic clock
        self._claimed_at: datetime | None = None

    def claimed(self, at: datetime) -> None:
        """Note that entries were claimed; the next beat tells."""
        self._claimed_at = at

    def beat(self) -> bool:
        """Tell PostgreSQL that this process is alive; false if it was told a moment ago.

        One statement that waits for no disk: if it is lost, the next one is near.
        """
        now = time.monotonic()
        if now < self._next:
            return False
        if not self._next:
            Heartbeat.objects.remove_old()
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                INSERT INTO mirror_heartbeat AS known
                    (id, host, process_id, version, started_at, last_seen_at, last_claim_at)
                SELECT %s, %s, %s, %s, clock_timestamp(), clock_timestamp(), %s FROM {LOSSY}
                ON CONFLICT (id) DO UPDATE SET
                    last_seen_at = excluded.last_seen_at, last_claim_at = excluded.last_claim_at
                """,  # noqa: S608 - the part put in is a constant
                [self._id, socket.gethostname(), os.getpid(), __version__, self._claimed_at],
            )
        self._next = now + INTERVAL
        return True

    def end(self) -> None:
        """Tell PostgreSQL that this process ends: it counts as dead from now on.

        The row stays, so that nobody says that no worker was ever seen. If PostgreSQL cannot be
        told, the process counts as alive a little longer, as one that was killed does.
        """
        with suppress(Error):
            Heartbeat.objects.filter(pk=self._id).update(stopped=True, last_seen_at=Now())
