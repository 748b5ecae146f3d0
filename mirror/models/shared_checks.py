"""Checks that several machines share, and the notes that they leave for the last of them.

Both tables are unlogged: if PostgreSQL crashes, the check is done again. That empties both, so
there never is a share whose notes are lost.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Now

from mirror.batching import batched
from mirror.models.primary import PrimaryManager

OPEN_FOR = timedelta(hours=12)  # less than a day, so that no check has shares of two days
LOCK = 0x6D697272  # an advisory lock: no two machines open a check at the same time
AT_ONCE = 100  # notes


class ShareLost(Exception):
    """This share was begun anew by another process, or its check was open for too long."""


class SharedCheckQuerySet(models.QuerySet["SharedCheck"]):
    """The verbs of shared checks."""

    def join_or_open(
        self, number: int, token: str, plan: Callable[[], Mapping[str, Any]], **same: Any
    ) -> SharedCheck:
        """Begin a share, under ``token``: of the check that is open, or else of a new one.

        ``same`` is what all shares have in common, ``plan`` makes up the rest. What an earlier
        attempt at this share has found counts no more.
        """
        self.remove_old()
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            joinable = self.filter(closed=False, **same).select_for_update(no_key=True)
            check = joinable.order_by("-pk").first() or SharedCheck(**same, **plan())
            check.tokens[str(number)] = token
            check.figures.pop(str(number), None)
            check.save()
            check.refresh_from_db()
        return check

    def remove_old(self) -> None:
        """Remove those that are recorded or too old, with their notes, in small portions.

        They are closed first: nobody may join shares whose notes are being removed.
        """
        self.filter(opened_at__lte=Now() - OPEN_FOR).update(closed=True)
        for check in self.filter(closed=True):
            for bucket in range(check.buckets):
                CheckNote.objects.filter(shared_check=check, bucket=bucket).delete()
            with suppress(IntegrityError):  # a late note has come: the next time removes both
                check.delete()


SharedCheckManager = PrimaryManager.from_queryset(SharedCheckQuerySet)


class SharedCheck(models.Model):
    """A check in several shares, from the beginning of the first until it is closed.

    ``tokens`` has an entry for each share that has begun, ``figures`` for each that is done.
    """

    opened_at = models.DateTimeField(db_default=Now())
    closed = models.BooleanField(default=False)  # recorded, or too old
    shares = models.IntegerField()
    deep = models.BooleanField()
    labels = models.JSONField()  # of the models that are compared
    changes = models.JSONField(null=True)  # mirrored before it was opened, since counting began
    segments = models.IntegerField()  # of the table
    bounds = models.JSONField()  # between the rows of the shares, by model
    buckets = models.IntegerField()  # of the notes: what is in one fits in memory
    tokens = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)

    objects = SharedCheckManager()

    def __str__(self) -> str:
        return f"{self.opened_at:%Y-%m-%d %H:%M}, {len(self.figures)} of {self.shares} shares"

    def locked(self, number: int, token: str) -> SharedCheck:
        """Lock the check and return it as it stands; raises ``ShareLost``."""
        check = SharedCheck.objects.select_for_update(no_key=True).filter(pk=self.pk).first()
        if check is None or check.closed or check.tokens[str(number)] != token:
            raise ShareLost
        return check

    def missing(self) -> list[int]:
        """Return the shares that are not done."""
        return [number for number in range(1, self.shares + 1) if str(number) not in self.figures]


class CheckNoteQuerySet(models.QuerySet["CheckNote"]):
    """The verbs of notes."""

    def leave(
        self, check: SharedCheck, token: str, kind: str, values: Mapping[int, Sequence[Any]]
    ) -> None:
        """Leave JSON values, by bucket; raises ``ShareLost`` if the check was removed."""
        notes = (
            CheckNote(
                shared_check=check, token=token, kind=kind, bucket=bucket, content=_pack(some)
            )
            for bucket, some in values.items()
        )
        try:
            for few in batched(notes, AT_ONCE):
                self.bulk_create(few)
        except IntegrityError:
            raise ShareLost from None

    def read(self, check: SharedCheck, kind: str, bucket: int) -> Iterator[Any]:
        """Yield the values that all shares of ``check`` have left, without abandoned attempts."""
        own = self.filter(shared_check=check, bucket=bucket, kind=kind)
        ids = (
            own.filter(token__in=check.tokens.values()).order_by("pk").values_list("pk", flat=True)
        )
        for few in batched(list(ids), AT_ONCE):
            for content in self.filter(pk__in=few).order_by("pk").values_list("content", flat=True):
                yield from json.loads(zlib.decompress(content))


def _pack(values: Sequence[Any]) -> bytes:
    return zlib.compress(json.dumps(values).encode(), 1)


CheckNoteManager = PrimaryManager.from_queryset(CheckNoteQuerySet)


class CheckNote(models.Model):
    """Some of what a share has seen or found, compressed."""

    shared_check = models.ForeignKey(SharedCheck, models.DO_NOTHING, db_index=False)
    token = models.CharField(max_length=32)  # of the attempt at the share
    kind = models.CharField(max_length=10)
    bucket = models.IntegerField()
    content = models.BinaryField()

    objects = CheckNoteManager()

    class Meta:
        indexes = [models.Index(fields=["shared_check", "bucket"], name="check_note_bucket")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.shared_check_id}"
