"""The ledger: what is owed to the mirror, and what may exist there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from django.db import connection, models, transaction
from django.db.models import Count, F, Min, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils import timezone

from mirror.documents.items import ItemKey
from mirror.errors import OUT_OF_REACH, Failure

LEASE = timedelta(seconds=50)  # how long a claim holds: others may take it over afterwards


UPLOAD_MAY_LAND = timedelta(minutes=16)  # AWS refuses a request signed more than 15 minutes ago


IN_TURN = ("next_attempt_at", "pk")


PORTION = 1000  # entries that are locked together: a person's save waits for no more


LOCK_PAUSES = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05)  # seconds


IN_USE = "in use"


IN_USE_AGAIN = "in use, uploaded more than once"  # an earlier upload may land after the removal


LANDED = "0001-01-01T00:00:00+00:00"  # long past: no upload is under way, a removal is final


OWED = Q(revision__gt=F("mirrored_revision"))


FRESH_START = {
    "attempts": 0,
    "next_attempt_at": Now(),
    "parked_at": None,
    "error_class": "",
    "error_code": "",
}


def batches(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield ``keys`` in portions."""
    for start in range(0, len(keys), PORTION):
        yield keys[start : start + PORTION]


class Backlog(NamedTuple):
    """What is outstanding; ``oldest`` is since when the longest pending change waits."""

    pending: int
    parked: int
    oldest: datetime | None


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    """The verbs of the ledger. Each is one conditional statement: look at what it returns."""

    def owed(self) -> LedgerQuerySet:
        """Changed since it was mirrored, parked or not."""
        return self.filter(OWED)

    def pending(self) -> LedgerQuerySet:
        """On its way: owed and not parked."""
        return self.filter(OWED, parked_at=None)

    def parked(self) -> LedgerQuerySet:
        """Owed, and given up until somebody acts or the object changes."""
        return self.filter(OWED, parked_at__isnull=False)

    def due(self) -> LedgerQuerySet:
        """What a drain has to do now.

        That is what is pending and not in back-off, and a removal that must be repeated because
        an upload may have landed after it.
        """
        return self.filter(
            OWED | Q(sweep_at__lte=Now()), next_attempt_at__lte=Now(), parked_at=None
        )

    def backlog(self) -> Backlog:
        """Count the outstanding entries."""
        return Backlog(
            **self.owed().aggregate(
                pending=Count("pk", filter=Q(parked_at=None)),
                parked=Count("pk", filter=Q(parked_at__isnull=False)),
                oldest=Min("owed_since", filter=Q(parked_at=None)),
            )
        )

    def claim(self, limit: int, *, order: Sequence[str] = IN_TURN) -> list[LedgerEntry]:
        """Lease up to ``limit`` of these entries to the caller and return them as they stand.

        One short statement, so that no lock is held while AWS is asked: a person's save of the
        same object never waits. An entry that a transaction is just marking is passed over.
        """
        unclaimed = self.filter(Q(claimed_until=None) | Q(claimed_until__lte=Now()))
        chosen = unclaimed.order_by(*order).values("pk")[:limit]
        sql, params = chosen.query.sql_with_params()
        lease_ends = time.monotonic() + LEASE.total_seconds()
        entries = list(
            LedgerEntry.objects.raw(
                f"""
                UPDATE mirror_ledgerentry
                SET claim = %s, claimed_until = clock_timestamp() + %s
                WHERE id = ANY(ARRAY({sql} FOR UPDATE SKIP LOCKED))
                RETURNING *, clock_timestamp() AS claimed_at
                """,  # noqa: S608 - the SQL put in is Django's own, with placeholders
                [uuid4(), LEASE, *params],
            )
        )
        for entry in entries:
            entry.lease_ends = lease_ends
        return entries

    def hasten(self) -> None:
        """Make everything workable due now: somebody asked. What failed still comes last."""
        self.pending().filter(next_attempt_at__gt=Now()).update_unlocked(next_attempt_at=Now())
        self.filter(sweep_at__isnull=False).update_unlocked(sweep_at=Now(), next_attempt_at=Now())

    def restart(self) -> int:
        """Forget failed attempts, so that these entries are due now; return how many."""
        return self.update_unlocked(**FRESH_START)

    def update_unlocked(self, **values: Any) -> int:
        """Update these entries, passing over those that a transaction is just marking.

        That transaction may take long, and may be about to mark what this one has: waiting for
        it would hold up the drain, or end a person's save with a deadlock.
        """
        count = 0
        for portion in batches(list(self.values_list("pk", flat=True))):
            with transaction.atomic():
                free = self.filter(pk__in=portion).select_for_update(skip_locked=True)
                count += LedgerEntry.objects.filter(pk__in=free.values("pk")).update(**values)
        return count

    def retry(self) -> int:
        """Give what failed a fresh start, parked entries included; return how many."""
        return self.owed().restart()

    def mark(
        self,
        model: str,
        object_id: str,
        *,
        above: int = 0,
        item_keys: Iterable[ItemKey] = (),
        object_keys: Iterable[str] = (),
    ) -> None:
        """Owe one object again, under a revision above ``above``, trusting nothing in the stores.

        Objects are uploaded anew. ``item_keys`` and ``object_keys`` exist in the stores although
        the ledger does not know of them; what does not belong to the object is removed.
        """
        with transaction.atomic():
            self.get_or_create(model=model, object_id=object_id)
            entry = self.select_for_update().get(model=model, object_id=object_id)
            if entry.state == "mirrored":
                entry.owed_since = timezone.now()
            entry.revision = max(entry.revision, above) + 1
            known = [ItemKey(*key) for key in entry.item_keys]
            entry.item_keys = list(dict.fromkeys([*known, *item_keys]))
            may_land = (timezone.now() + UPLOAD_MAY_LAND).isoformat()
            doubt = {IN_USE: LANDED, IN_USE_AGAIN: may_land}
            entry.object_keys = dict.fromkeys(object_keys, LANDED) | {
                key: doubt.get(state, state) for key, state in entry.object_keys.items()
            }
            for name, value in FRESH_START.items():
                setattr(entry, name, value)
            entry.save()


class LedgerEntry(models.Model):
    """One object's account with the mirror.

    The trigger raises ``revision`` in the transaction of every change; the object is mirrored
    when ``mirrored_revision`` has caught up. Kept after the object is deleted: its revision must
    go on counting should the object come back.
    """

    model = models.CharField(max_length=100)
    object_id = models.CharField(max_length=255)
    revision = models.BigIntegerField(db_default=1)
    mirrored_revision = models.BigIntegerField(db_default=0)
    owed_since = models.DateTimeField(db_default=Now())
    mirrored_at = models.DateTimeField(null=True)

    # Every key that may exist in a store: recorded before it is written there, dropped only
    # after its removal is acknowledged.
    item_keys = models.JSONField(db_default=[])
    # S3 key -> "in use" (once or more often uploaded), or the time (ISO 8601) until which an
    # upload to it may yet land.
    object_keys = models.JSONField(db_default={})
    sweep_at = models.DateTimeField(null=True)

    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)

    attempts = models.IntegerField(db_default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    parked_at = models.DateTimeField(null=True)
    # Class and code of the last failure. Never its text: messages quote the data.
    error_class = models.CharField(max_length=100, db_default="")
    error_code = models.CharField(max_length=100, db_default="")

    objects = LedgerQuerySet.as_manager()

    # On entries that claim() returned:
    claimed_at: datetime  # by PostgreSQL's clock
    lease_ends: float  # by this process's monotonic clock

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["model", "object_id"], name="ledger_one_per_object")
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=OWED, name="ledger_owed"),
            models.Index(
                fields=["sweep_at"], condition=Q(sweep_at__isnull=False), name="ledger_sweep"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id}"

    @property
    def state(self) -> str:
        """``mirrored``, ``pending`` or ``parked``."""
        if self.revision <= self.mirrored_revision:
            return "mirrored"
        return "pending" if self.parked_at is None else "parked"

    def _change(self, *, at_my_revision: bool, **values: Any) -> bool:
        """Change this entry while the caller's claim holds; false where it does not, any more.

        Never waits for long: a person's transaction may keep the row locked for as long as it
        likes. A short wait is worth it, since another worker that looks for something to claim
        locks the row for a moment, too, and a claim that is not given back blocks it for a lease.
        """
        held: dict[str, Any] = {"claim": self.claim}
        if at_my_revision:
            held["revision"] = self.revision
        unlocked = RawSQL(
            "SELECT id FROM mirror_ledgerentry WHERE id = %s FOR UPDATE SKIP LOCKED", [self.pk]
        )
        for pause in LOCK_PAUSES:
            time.sleep(pause)
            if LedgerEntry.objects.filter(pk=unlocked, **held).update(**values):
                return True
            if not LedgerEntry.objects.filter(pk=self.pk, **held).exists():
                return False
        return False

    def record(self, item_keys: Iterable[ItemKey], object_keys: dict[str, str]) -> bool:
        """Note the keys that are about to be written; false if the claim is lost.

        False, too, if the revision was raised: whoever did that may have noted keys as well.
        """
        keys = [list(key) for key in item_keys]
        if keys == self.item_keys and object_keys == self.object_keys:
            return True
        return self._change(at_my_revision=True, item_keys=keys, object_keys=object_keys)

    def acknowledge(self, item_keys: Iterable[ItemKey], object_keys: dict[str, str]) -> bool:
        """Say that this entry's revision is mirrored; false if a newer one is owed by now."""
        landing = [
            datetime.fromisoformat(state)
            for state in object_keys.values()
            if state not in {IN_USE, IN_USE_AGAIN}
        ]
        return self._change(
            at_my_revision=True,
            **FRESH_START,
            mirrored_revision=self.revision,
            mirrored_at=Now(),
            item_keys=[list(key) for key in item_keys],
            object_keys=object_keys,
            sweep_at=max(landing, default=None),
            claim=None,
            claimed_until=None,
        )

    def fail(self, failure: Failure, *, retry_after: timedelta | None) -> bool:
        """Note a failure and give the claim back; without ``retry_after`` the entry is parked.

        False if the object was changed meanwhile: the failure says nothing of the new state.
        """
        return self._change(
            at_my_revision=True,
            attempts=F("attempts") + int(failure.error_class != OUT_OF_REACH),
            next_attempt_at=Now() + (retry_after or timedelta()),
            parked_at=Now() if retry_after is None else None,
            error_class=failure.error_class[:100],
            error_code=failure.code[:100],
            claim=None,
            claimed_until=None,
        )

    def renew(self) -> bool:
        """Begin the lease anew where half of it is over; false if the claim is lost."""
        if self.lease_ends - time.monotonic() > LEASE.total_seconds() / 2:
            return True
        lease_ends = time.monotonic() + LEASE.total_seconds()
        held = self._change(at_my_revision=False, claimed_until=Now() + LEASE)
        if held:
            self.lease_ends = lease_ends
        return held

    def release(self) -> bool:
        """Give the claim back, nothing done; false if it was lost already.

        Others come first now: what is left again and again must not keep them waiting.
        """
        return self._change(
            at_my_revision=False, claim=None, claimed_until=None, next_attempt_at=Now()
        )

    def note_late_uploads(self, keys: Iterable[str]) -> None:
        """Note uploads that were made after the claim was lost, so that they are removed.

        Raises ``OperationalError`` where somebody holds the row for longer than a drain can wait.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '10s'")
            entry = LedgerEntry.objects.select_for_update().get(pk=self.pk)
            until = (self.claimed_at + UPLOAD_MAY_LAND).isoformat()
            entry.object_keys = {**dict.fromkeys(keys, until), **entry.object_keys}
            entry.sweep_at = Now()
            entry.save(update_fields=["object_keys", "sweep_at"])
