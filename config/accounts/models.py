"""Counters of attempts, in the database: all processes share them."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models.functions import Greatest
from django.utils import timezone

from config.accounts.throttling import Limit, delay

ONE_FORGOTTEN_EVERY = timedelta(hours=1)
ALL_FORGOTTEN_AFTER = timedelta(days=1)


class AttemptsManager(models.Manager["Attempts"]):
    """Admits attempts, or tells how long to wait."""

    def admit(self, limits: Iterable[Limit]) -> int:
        """Count an attempt and return 0, or return the seconds until the next one is admitted.

        Call it before the password is checked, so that guesses sent at the same time all count. An
        attempt that is refused does not count, so that the wait always ends.
        """
        free = {limit.key: limit.free for limit in limits}
        now = timezone.now()
        old = self.filter(last_at__lt=now - ALL_FORGOTTEN_AFTER)
        self.filter(pk__in=old.select_for_update(skip_locked=True)).delete()
        with transaction.atomic():
            # Locked in one order, or two attempts could wait for each other.
            new = [Attempts(key=key, last_at=now) for key in sorted(free)]
            self.bulk_create(new, ignore_conflicts=True)
            counters = list(self.select_for_update().filter(key__in=free).order_by("key"))
            wait = max(counter.wait(now, free[counter.key]) for counter in counters)
            if wait > 0:
                transaction.set_rollback(True)  # a refused attempt leaves no counter
                return math.ceil(wait)
            for counter in counters:
                counter.count = counter.count_at(now) + 1
                counter.last_at = now
            self.bulk_update(counters, ["count", "last_at"])
        return 0

    def succeed(self, limits: Iterable[Limit]) -> None:
        """Delete the counters after a success. One that others share forgets this attempt only."""
        for limit in limits:  # one statement each, so that no lock waits for another
            counter = self.filter(key=limit.key)
            if limit.shared:
                counter.update(count=Greatest(models.F("count") - 1, 0))
            else:
                counter.delete()


class Attempts(models.Model):
    """The attempts that are counted under one key. See ``config.accounts.limits``."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    objects = AttemptsManager()

    class Meta:
        db_table = "accounts_loginattempts"  # its first name
        verbose_name_plural = "attempts"

    def __str__(self) -> str:
        return f"{self.count} attempts"

    def wait(self, now: datetime, free: int) -> float:
        """Return the seconds until the next attempt is admitted.

        One that is free never waits, even if another process has counted one since ``now``.
        """
        seconds = delay(self.count, free)
        return seconds and seconds - (now - self.last_at).total_seconds()

    def count_at(self, now: datetime) -> int:
        """Return how many attempts are not forgotten yet: each hour without any forgets one.

        So an address that many people share comes to rest, although it never has a day without.
        """
        hours = max(0, (now - self.last_at) // ONE_FORGOTTEN_EVERY)
        return max(0, self.count - hours)
