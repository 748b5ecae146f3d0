"""Counters of failed log-ins and requested links, in the database: all processes share them."""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils import timezone

from config.accounts.throttling import delay

FORGOTTEN_AFTER = timedelta(days=1)


class LoginAttemptsManager(models.Manager["LoginAttempts"]):
    """Admits attempts, or tells how long to wait."""

    @transaction.atomic
    def admit(self, key: str) -> int:
        """Count an attempt and return 0, or return the seconds until the next one is admitted.

        Call it before the password is checked, so that guesses sent at the same time all count. An
        attempt that is refused does not count, so that the wait always ends.
        """
        now = timezone.now()
        self.filter(last_at__lt=now - FORGOTTEN_AFTER).delete()
        attempts, _ = self.select_for_update().get_or_create(key=key, defaults={"last_at": now})
        wait = (attempts.next_at - now).total_seconds()
        if wait > 0:
            return int(wait) + 1
        attempts.count += 1
        attempts.last_at = now
        attempts.save()
        return 0

    def forget(self, key: str) -> None:
        """Delete the counter, after a success."""
        self.filter(key=key).delete()


class LoginAttempts(models.Model):
    """The attempts of one visitor at one account since the last success.

    The links that were sent to a mailbox are counted here as well. ``key`` is a hash, see
    ``config.accounts.devices``.
    """

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    objects = LoginAttemptsManager()

    class Meta:
        verbose_name_plural = "login attempts"

    def __str__(self) -> str:
        return f"{self.count} attempts"

    @property
    def next_at(self) -> datetime:
        """The time from which the next attempt is admitted."""
        return self.last_at + timedelta(seconds=delay(self.count))
