"""Failed log-ins and links asked for, counted where every process of the site sees them."""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils import timezone

FREE_ATTEMPTS = 5
FIRST_DELAY = 5  # seconds; doubled by each further failure
LONGEST_DELAY = 15 * 60
FORGOTTEN_AFTER = timedelta(days=1)


class LoginAttemptsManager(models.Manager["LoginAttempts"]):
    """Admits attempts or says how long to wait."""

    @transaction.atomic
    def admit(self, key: str) -> int:
        """Return 0 and count an attempt, or the seconds until the next one is admitted.

        It counts before the password is checked: many guesses sent at once are many attempts.
        An attempt that is refused counts for nothing, so waiting always ends.
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
        """Start anew, after a success."""
        self.filter(key=key).delete()


class LoginAttempts(models.Model):
    """What one visitor tried on one account since the last success. The key is a hash.

    Links by mail are counted here as well, for each mailbox.
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
        """When the next attempt is admitted."""
        return self.last_at + timedelta(seconds=delay(self.count))


def delay(failures: int) -> int:
    """Return the seconds to wait after so many failures: none, then 5, 10, 20 … at most 900."""
    if failures < FREE_ATTEMPTS:
        return 0
    doublings = min(failures - FREE_ATTEMPTS, 10)
    return min(FIRST_DELAY << doublings, LONGEST_DELAY)
