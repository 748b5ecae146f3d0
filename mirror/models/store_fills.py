"""Which stores were created here, and whether every row was enqueued for them since."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from mirror.models.primary import PrimaryManager


class StoreFillQuerySet(models.QuerySet["StoreFill"]):
    """The verbs of filling a new store."""

    def begin(self, store: str, name: str) -> None:
        """Note that a store is about to be created, and so is empty."""
        self.update_or_create(store=store, name=name, defaults={"enqueued_at": None})

    def outstanding(self) -> StoreFillQuerySet:
        """The stores for which the rows are not enqueued yet."""
        return self.filter(enqueued_at=None)

    def finish(self) -> None:
        """Note that every row is enqueued."""
        self.outstanding().update(enqueued_at=Now())


StoreFillManager = PrimaryManager.from_queryset(StoreFillQuerySet)


class StoreFill(models.Model):
    """A table or bucket that ``mirror_setup`` created.

    Written before the store is created: an interruption must not leave it empty for ever.
    """

    store = models.CharField(max_length=20)
    name = models.CharField(max_length=255)
    enqueued_at = models.DateTimeField(null=True)

    objects = StoreFillManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "name"], name="store_fill_one_per_store")
        ]

    def __str__(self) -> str:
        return f"{self.store} {self.name}"
