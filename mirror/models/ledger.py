"""The ledger: which rows are owed to the mirror, and which keys they may have in the stores."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection, models, transaction
from django.db.models import Case, Count, DurationField, F, Max, Q, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Collate, Now

from mirror.batching import batched
from mirror.capture import RESET_COLUMNS
from mirror.documents.items import Item, ItemKey, Known
from mirror.documents.rows import stream
from mirror.errors import REMOTE_AHEAD
from mirror.formats import printable
from mirror.models.attempts import AttemptQuerySet
from mirror.models.claims import Claimable
from mirror.models.clock import database_time
from mirror.models.due import DUE_AT, INDEXES, ORPHAN_MODEL, OWED, UNFINISHED, known_models
from mirror.models.key_states import REUPLOADED, KeyState, dump, load
from mirror.models.marks import READ, Mark, write_marks
from mirror.models.primary import PrimaryManager

MOST_REASONS = 10  # for what is owed
PORTION = 1000  # entries that are locked together: a person's save waits for no more

RESET = {column: RawSQL(sql, []) for column, sql in RESET_COLUMNS.items()}  # noqa: S611 - constants


MODELS = """
    WITH RECURSIVE found AS (
        (SELECT model FROM mirror_ledgerentry WHERE model > %s ORDER BY model LIMIT 1)
        UNION ALL
        SELECT (
            SELECT model FROM mirror_ledgerentry WHERE model > found.model ORDER BY model LIMIT 1
        ) FROM found WHERE model IS NOT NULL
    )
    SELECT model FROM found WHERE model IS NOT NULL
"""


class State(models.TextChoices):
    """The states of a ledger entry. A pending or a parked row is owed."""

    MIRRORED = "mirrored"  # the mirror holds the newest revision
    PENDING = "pending"  # on its way
    PARKED = "parked"  # given up until somebody acts or the row changes: a dead letter


CONDITIONS = {
    State.MIRRORED: Q(revision__lte=F("mirrored_revision")),
    State.PENDING: OWED & Q(parked_at=None),
    State.PARKED: OWED & Q(parked_at__isnull=False),
}
# The removal of an object that the worker has not repeated in time: pending, too.
OVERDUE = Q(sweep_at__lte=Now(), parked_at=None)


class Backlog(NamedTuple):
    """What there is to do.

    ``pending`` counts the rows on their way, and the removals of objects that are overdue.
    ``longest_wait`` is how long the oldest of these has been waiting.
    """

    pending: int
    parked: int
    longest_wait: timedelta | None


class Reason(NamedTuple):
    """Why some rows are pending or parked: their last ``failure``, empty if there was none."""

    state: State
    rows: int
    failure: str


class LedgerQuerySet(AttemptQuerySet["LedgerEntry"]):
    """The verbs of the ledger. Each is one conditional statement: look at what it returns."""

    def registered(self) -> LedgerQuerySet:
        """The entries of all registered models, and of items that belong to none."""
        return self.filter(model__in=known_models())

    def models(self) -> list[str]:
        """Return the models that have entries, registered or not, by an index lookup for each."""
        with connection.cursor() as cursor:
            cursor.execute(MODELS, [ORPHAN_MODEL])
            return [model for (model,) in cursor.fetchall()]

    def models_without_document(self) -> list[str]:
        """Return the models that have entries, and no document: nothing compares their items."""
        return [model for model in self.models() if model not in known_models()]

    def in_state(self, state: State) -> LedgerQuerySet:
        """The entries in one state."""
        return self.filter(CONDITIONS[state])

    def with_state(self) -> LedgerQuerySet:
        """Annotate each entry with its ``state_name``."""
        whens = [When(condition, then=Value(state)) for state, condition in CONDITIONS.items()]
        return self.annotate(state_name=Case(*whens, output_field=models.CharField()))

    def owed(self) -> LedgerQuerySet:
        """Changed since it was mirrored: pending or parked."""
        return self.filter(OWED)

    def pending(self) -> LedgerQuerySet:
        """Owed, and on its way."""
        return self.in_state(State.PENDING)

    def parked(self) -> LedgerQuerySet:
        """Owed, and given up until somebody acts or the row changes."""
        return self.in_state(State.PARKED)

    def due(self) -> LedgerQuerySet:
        """What there is to do now.

        That is a pending row that is neither in back-off nor claimed, or the removal of an S3
        object that must be repeated because an upload may have landed after it.
        """
        return self.alias(due_at=DUE_AT).filter(UNFINISHED, due_at__lte=Now())

    def waiting(self) -> LedgerQuerySet:
        """What there is to do later: it is in back-off, claimed, or a sweep."""
        return self.alias(due_at=DUE_AT).filter(UNFINISHED, due_at__gt=Now())

    def due_in(self) -> timedelta | None:
        """Return how long until something is due, negative if it is; None if nothing ever is.

        Claimed entries count as due: at any moment a claim may be given back, and its row may have
        changed meanwhile.
        """
        claimed = (
            self.registered()
            .filter(claimed_until__gt=Now())
            .order_by("-claimed_until")
            .values_list(Value(timedelta(), DurationField()), flat=True)[:1]
        )
        waits, params = self.filter(UNFINISHED).in_turn(1)
        sql, more = claimed.query.sql_with_params()
        with connection.cursor() as cursor:  # one statement: at one moment
            cursor.execute(
                f"SELECT least(min(due_at) - statement_timestamp(), ({sql})) FROM {waits}",  # noqa: S608 - Django's own SQL
                [*more, *params],
            )
            wait: timedelta | None = cursor.fetchone()[0]
        return wait

    def backlog(self) -> Backlog:
        """Count what is owed."""
        counted = self.filter(OWED | OVERDUE).aggregate(
            pending=Count("pk", filter=Q(CONDITIONS[State.PENDING] | OVERDUE)),
            parked=Count("pk", filter=Q(parked_at__isnull=False)),
            row=Max(Now() - F("owed_since"), filter=CONDITIONS[State.PENDING]),
            removal=Max(Now() - F("sweep_at"), filter=OVERDUE),
        )
        waits = [wait for wait in (counted["row"], counted["removal"]) if wait is not None]
        return Backlog(counted["pending"], counted["parked"], max(waits, default=None))

    def reasons(self) -> list[Reason]:
        """Return why the ``backlog`` is not mirrored: the failures of most rows first."""
        failed = (
            self.filter(OWED | OVERDUE)
            .annotate(
                is_parked=Case(When(parked_at=None, then=False), default=True),
                code=Case(When(error_class=REMOTE_AHEAD, then=Value("")), default=F("error_code")),
            )
            .values_list("is_parked", "error_class", "code")
            .annotate(entries=Count("pk"))
            .order_by("-entries", "is_parked", "error_class", "code")
        )
        return [
            Reason(State.PARKED if parked else State.PENDING, entries, f"{kind} {code}".strip())
            for parked, kind, code, entries in failed[:MOST_REASONS]
        ]

    def make_due_now(self) -> None:
        """Cut every back-off and every wait for a sweep short: somebody asked.

        What failed still comes last.
        """
        later = Q(next_attempt_at__gt=Now()) | Q(sweep_at__gt=Now())
        sweep_at = Case(When(sweep_at__gt=Now(), then=Now()), default=F("sweep_at"))  # not later
        self.waiting().filter(later).update_unlocked(next_attempt_at=Now(), sweep_at=sweep_at)

    def reset_attempts(self) -> int:
        """Forget failed attempts, so that these entries are due now; return how many."""
        return self.update_unlocked(**RESET)

    def update_unlocked(self, **values: Any) -> int:
        """Update these entries, passing over those that another transaction has locked.

        That transaction may take long, and may be about to mark a row that this one has locked:
        waiting for it would hold up the worker, or end a person's save with a deadlock.
        """
        count = 0
        for portion in batched(stream(self.values_list("pk", flat=True)), PORTION):
            with transaction.atomic():
                free = self.filter(pk__in=portion).select_for_update(skip_locked=True)
                count += LedgerEntry.objects.filter(pk__in=free.values("pk")).update(**values)
        return count

    def retry(self) -> int:
        """Reset the attempts of everything that is owed, parked or not; return how many."""
        return self.owed().reset_attempts()

    def mark_dirty(
        self,
        model: str,
        object_id: str,
        *,
        overwriting: Collection[Item] = (),
        item_keys: Iterable[ItemKey] = (),
        object_keys: Iterable[str] = (),
        backfill: bool = False,
    ) -> None:
        """Enqueue one row under a new revision, to be written anew; see ``Mark``."""
        mark = Mark(object_id, overwriting, tuple(item_keys), tuple(object_keys), backfill)
        self.mark_all_dirty(model, [mark])

    def mark_all_dirty(self, model: str, marks: Sequence[Mark]) -> None:
        """Enqueue rows of one model, each once, under new revisions, to be written anew."""
        with transaction.atomic():
            entries = self._locked(model, [mark.object_id for mark in marks])
            unknown = {m.object_id: m.backfill for m in marks if m.object_id not in entries}
            if unknown:
                new = [
                    LedgerEntry(model=model, object_id=object_id, backfill=backfill)
                    for object_id, backfill in sorted(unknown.items())
                ]
                self.bulk_create(new, ignore_conflicts=True)
                entries |= self._locked(model, unknown)
            now = database_time()
            columns = {
                entries[mark.object_id]["pk"]: mark.columns(entries[mark.object_id], now)
                for mark in marks
            }
            write_marks(self.model._meta.db_table, columns)

    def _locked(self, model: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Lock entries, in the order in which the triggers do; return them by their rows' ids."""
        entries = self.filter(model=model, object_id__in=ids).select_for_update()
        in_order = entries.order_by(Collate("object_id", "C"))
        return {entry["object_id"]: entry for entry in in_order.values(*READ)}


LedgerManager = PrimaryManager.from_queryset(LedgerQuerySet)


class LedgerEntry(Claimable):
    """One row's account with the mirror.

    The trigger raises ``revision`` in the transaction of every change; the row is mirrored when
    ``mirrored_revision`` has caught up. The entry outlives the row: its revision must go on
    counting should the row come back.
    """

    model = models.CharField(max_length=100)  # the label, as in "campaigns.campaign"
    object_id = models.CharField(max_length=255)  # the row's primary key, as text
    mirrored_revision = models.BigIntegerField(db_default=0)
    owed_since = models.DateTimeField(db_default=Now())
    mirrored_at = models.DateTimeField(null=True)

    # Every key that may exist in a store: recorded before it is written there, dropped only
    # after its removal is acknowledged.
    item_keys = models.JSONField(db_default=[])
    object_keys = models.JSONField(db_default={})  # S3 key -> state, see KeyState
    attempted = models.JSONField(db_default=[])  # fingerprints of items that may have been put
    sweep_at = models.DateTimeField(null=True)  # when objects must be removed once more

    attempts = models.IntegerField(db_default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    parked_at = models.DateTimeField(null=True)
    # Class and code of the last failure. Never its text: messages quote the data.
    error_class = models.CharField(max_length=100, db_default="")
    error_code = models.CharField(max_length=100, db_default="")

    objects = LedgerManager()

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = [
            models.UniqueConstraint(fields=["model", "object_id"], name="ledger_one_per_object")
        ]
        indexes = INDEXES

    def __str__(self) -> str:
        return f"{self.model} {printable(self.object_id)}"

    @property
    def state(self) -> State:
        """The state of this entry."""
        if self.revision <= self.mirrored_revision:
            return State.MIRRORED
        return State.PENDING if self.parked_at is None else State.PARKED

    @property
    def is_gone(self) -> bool:
        """Whether the mirror holds that there is no row: no key has been left but tombstones.

        It was deleted, or has got another primary key, and with it another entry.
        """
        return self.state == State.MIRRORED and not self.item_keys

    @property
    def version(self) -> tuple[int, int]:
        """What changes whenever the row, or what the mirror holds of it, may have changed."""
        return self.revision, self.mirrored_revision

    def known(self, key: ItemKey) -> Known:
        """Return what is known of the item under ``key``.

        The first recorded key is the acknowledged one: only there does ``mirrored_revision`` say
        what lies there.
        """
        acknowledged = self.item_keys[:1] == [list(key)]
        mirrored = self.mirrored_revision if acknowledged else 0
        return Known(mirrored, self.mirrored_revision, self.attempted)

    @property
    def key_states(self) -> dict[str, KeyState]:
        """What is known of each S3 key."""
        return load(self.object_keys)

    @property
    def scheduled_removals(self) -> set[str]:
        """The S3 keys whose objects the worker will remove: nobody needs to act on them."""
        if self.sweep_at is None or self.parked_at is not None:
            return set()
        return {key for key, state in self.key_states.items() if not state.in_use}

    def note_late_uploads(self, keys: Iterable[str]) -> bool:
        """Note uploads that were sent after the claim was lost, so that they are removed.

        If another attempt is under way, which does not know of them, the revision is raised, so
        that it cannot overwrite the note. False if another transaction holds the row. If the entry
        is gone, there is nowhere to note them: a check finds the objects.
        """
        with transaction.atomic():
            entry = (
                LedgerEntry.objects.select_for_update(skip_locked=True).filter(pk=self.pk).first()
            )
            if entry is None:
                return not LedgerEntry.objects.filter(pk=self.pk).exists()
            now = database_time()
            states = entry.key_states
            for key in keys:
                in_use = key in states and states[key].in_use
                states[key] = REUPLOADED if in_use else KeyState.uploading(now)
            entry.object_keys = dump(states)
            entry.sweep_at = now
            if entry.claim:
                entry.owed_since = now if entry.state == State.MIRRORED else entry.owed_since
                entry.revision += 1
            entry.save(update_fields=["object_keys", "sweep_at", "owed_since", "revision"])
        return True
