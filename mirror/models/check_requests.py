"""Checks that somebody asked for on the pages, and a worker carries out, one at a time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from mirror.models.check_runs import CheckRun
from mirror.models.primary import PrimaryManager

SILENT = timedelta(seconds=30)  # a request whose worker is silent for longer is taken again
MOST_ATTEMPTS = 3  # a check that ends its worker each time is not tried for ever


class CheckRequestQuerySet(models.QuerySet["CheckRequest"]):
    """The verbs of requests. Each is one conditional statement."""

    def open(self) -> CheckRequestQuerySet:
        """The request that is not done: there is one at most."""
        return self.filter(done=False)

    def held(self, token: UUID | None) -> CheckRequestQuerySet:
        """The request that was taken under this token, unless it is done or was taken again."""
        return self.open().filter(token=token)

    def ask(self, *, deep: bool) -> tuple[CheckRequest, bool]:
        """Return the request that is open, or a new one, and whether it is new."""
        return self.get_or_create(done=False, defaults={"deep": deep})

    def take(self) -> CheckRequest | None:
        """Return the open request under a new token, unless a worker that lives has taken it."""
        free = self.open().filter(Q(seen_at=None) | Q(seen_at__lte=Now() - SILENT))
        request = free.first()
        if request is None:
            return None
        if request.attempts >= MOST_ATTEMPTS:
            self.held(request.token).fail(
                f"{MOST_ATTEMPTS} workers have ended while they ran this check."
            )
            return None
        token = uuid4()
        taken = free.filter(pk=request.pk).update(
            token=token, started_at=Now(), seen_at=Now(), attempts=F("attempts") + 1, compared=0
        )
        return self.held(token).first() if taken else None

    def beat(self) -> bool:
        """Tell that the worker lives; false if the request is no longer its own."""
        return self.update(seen_at=Now()) == 1

    def release(self) -> None:
        """Give the request back: this worker has been told to stop."""
        self.update(token=None, seen_at=None, attempts=F("attempts") - 1)

    def finish(self, run: CheckRun) -> bool:
        """Link the result; false if the request is no longer this worker's."""
        return self.update(done=True, finished_at=Now(), run=run) == 1

    def fail(self, reason: str) -> None:
        """Say why there is no result."""
        self.update(done=True, finished_at=Now(), failure=reason)


CheckRequestManager = PrimaryManager.from_queryset(CheckRequestQuerySet)


class CheckRequest(models.Model):
    """A check that somebody asked for. ``compared`` and ``total`` count rows and items."""

    asked_at = models.DateTimeField(db_default=Now())
    deep = models.BooleanField()
    done = models.BooleanField(default=False)
    token = models.UUIDField(null=True)  # of the attempt that is under way
    attempts = models.IntegerField(db_default=0)
    started_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)  # when its worker was last heard of
    compared = models.BigIntegerField(db_default=0)
    total = models.BigIntegerField(null=True)  # about
    finished_at = models.DateTimeField(null=True)
    run = models.ForeignKey(CheckRun, on_delete=models.SET_NULL, null=True)
    failure = models.CharField(max_length=200, db_default="")

    objects = CheckRequestManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["done"], condition=Q(done=False), name="check_request_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"asked for {self.asked_at:%Y-%m-%d %H:%M:%S}"

    @property
    def state(self) -> str:
        """``waiting``, ``running``, ``failed`` or ``done``."""
        if self.done:
            return "failed" if self.failure else "done"
        return "running" if self.token else "waiting"
