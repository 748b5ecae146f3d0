"""Reading from the primary database, whatever the project's routers say of reads."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

from mirror.conf import PRIMARY

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class PrimaryManager(models.Manager[M_co]):
    """A manager of one of the mirror's own tables."""

    def get_queryset(self) -> models.QuerySet[M_co]:
        return super().get_queryset().using(PRIMARY)
