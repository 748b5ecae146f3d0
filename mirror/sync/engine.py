"""The engine: brings the items and S3 objects of rows to what PostgreSQL holds.

This is the only way of writing to the stores. ``prepare`` reads the rows and records what is about
to be written; an ``Attempt`` makes the calls; ``settle`` notes how it ended. Each does so for many
entries with one statement, and for each entry by itself: one that fails holds up no other.
``docs/architecture.md`` gives the reason for each part of the protocol.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from itertools import takewhile

from django.db import DataError, models

from mirror.counters import count_attempt
from mirror.documents.document import Document
from mirror.documents.registry import document_for, documents
from mirror.documents.render import Rendered, render
from mirror.errors import (
    DATABASE_TROUBLE,
    LONGEST_DELAY,
    REMOTE_AHEAD,
    SCHEMA_MISMATCH,
    ClaimLost,
    Failure,
    Kind,
    SchemaMismatch,
    StoreError,
    Superseded,
    Unmirrorable,
    UnreadableRow,
)
from mirror.formats import printable
from mirror.models import LedgerEntry, State
from mirror.models.attempts import Note
from mirror.stores.clients import Stores
from mirror.sync.attempt import Attempt
from mirror.sync.breaker import Breaker
from mirror.sync.budget import Budget, BudgetSpent
from mirror.sync.plan import Plan
from mirror.sync.reading import read

logger = logging.getLogger("mirror")


class Outcome(Enum):
    """How an attempt ended."""

    MIRRORED = "mirrored"
    SWEPT = "nothing was owed: objects were removed once more"
    OVERTAKEN = "the row changed, or another process has it: a later attempt will do it"
    OUT_OF_TIME = "the budget of the request was spent; pending"
    NOT_ATTEMPTED = "a store is out of reach, a table is changing, or another has the row; pending"
    FAILED = "failed, to be tried again"
    PARKED = "given up until somebody acts or the row changes"


def mirror_entry(
    entry: LedgerEntry, stores: Stores, breaker: Breaker, budget: Budget | None = None
) -> Outcome:
    """Make one attempt at a claimed entry, and give the claim back however it ends.

    Raises only ``DATABASE_TROUBLE``: without the ledger nothing can be noted, and the claim ends
    by itself.
    """
    (attempt,) = prepare([entry], breaker)
    if attempt.error is None:
        attempt.budget = budget
        attempt.carry_out(stores)
    (outcome,) = settle([attempt], breaker)
    return outcome


def prepare(entries: Sequence[LedgerEntry], breaker: Breaker) -> list[Attempt]:
    """Plan an attempt at each of these claimed entries, and record what it will write.

    An attempt with an ``error`` is over before it has begun. Raises ``DATABASE_TROUBLE``.
    """
    attempts = [Attempt(entry, breaker) for entry in entries]
    present = read(entries)
    notes: dict[int, Note] = {}
    for attempt in attempts:
        try:
            attempt.plan = Plan(attempt.entry, _render(attempt.entry, present))
            attempt.admit()
            notes[attempt.entry.pk] = attempt.plan.before()
        except DATABASE_TROUBLE:
            raise
        except Exception as error:  # noqa: BLE001 - the guard: a defect in one row's document, or
            # in ours, must not stop the others; ``settle`` notes it
            attempt.error = error
    recorded, refused = _note(LedgerEntry.objects.record, list(notes.values()))
    for attempt in attempts:
        if attempt.entry.pk in notes.keys() - recorded:
            attempt.error = refused.get(attempt.entry.pk, ClaimLost())
    return attempts


def settle(attempts: Sequence[Attempt], breaker: Breaker) -> list[Outcome]:
    """Note in the ledger how attempts ended, and give every claim back. Returns the outcomes.

    An attempt that stays ``unsettled`` has to be settled again: somebody holds its row. Raises
    ``DATABASE_TROUBLE``.
    """
    breaker.report()
    ledger = LedgerEntry.objects
    outcomes: dict[int, Outcome] = {}
    written = [a.plan.after() for a in attempts if a.plan and a.error is None]
    acknowledged, refused = _note(ledger.acknowledge, written)
    for attempt in attempts:
        if attempt.entry.pk in acknowledged:
            owed = attempt.entry.state != State.MIRRORED
            outcomes[attempt.entry.pk] = Outcome.MIRRORED if owed else Outcome.SWEPT
        attempt.error = refused.get(attempt.entry.pk, attempt.error)

    failed = [
        (attempt.entry, failure, _retry_after(attempt.entry, failure))
        for attempt in attempts
        if attempt.error is not None and (failure := _failure(attempt.error))
    ]
    noted = ledger.fail(failed)
    for entry, failure, retry_after in failed:
        if entry.pk in noted:
            outcomes[entry.pk] = _outcome(failure, retry_after)
            _log(entry, failure, parked=retry_after is None)

    outdated = [a.entry for a in attempts if isinstance(a.error, Superseded) and a.error.own]
    outcomes |= dict.fromkeys(ledger.begin_anew(outdated), Outcome.OVERTAKEN)

    # The others came to nothing: the row changed meanwhile, or another process has it.
    others = [attempt for attempt in attempts if attempt.entry.pk not in outcomes]
    released = ledger.release([attempt.entry for attempt in others])
    for attempt in others:
        in_time = not isinstance(attempt.error, BudgetSpent)
        outcomes[attempt.entry.pk] = Outcome.OVERTAKEN if in_time else Outcome.OUT_OF_TIME
        late = bool(attempt.uploaded) and attempt.entry.pk not in released
        attempt.unsettled = late and not _note_late_uploads(attempt)
    for attempt in attempts:
        if not attempt.unsettled:
            count_attempt(attempt.entry.model, outcomes[attempt.entry.pk].name.lower())
    return [outcomes[attempt.entry.pk] for attempt in attempts]


def _note(
    verb: Callable[[Sequence[Note]], set[int]], notes: Sequence[Note]
) -> tuple[set[int], dict[int, DataError]]:
    """Tell the ledger, with one statement if it can be; return what that returned.

    Of a row whose note PostgreSQL cannot hold, which is found by halving, the error is returned.
    """
    try:
        return verb(notes), {}
    except DataError as error:
        if len(notes) == 1:
            return set(), {notes[0].entry.pk: error}
        half = len(notes) // 2
        first, second = _note(verb, notes[:half]), _note(verb, notes[half:])
        return first[0] | second[0], first[1] | second[1]


def _render(
    entry: LedgerEntry, present: Mapping[tuple[str, str], models.Model | Exception]
) -> Rendered | None:
    """Render the row; None if it is gone."""
    row = present.get((entry.model, entry.object_id))
    if isinstance(row, Exception):
        raise row
    return None if row is None else render(document_for(entry.model), row)


def _failure(error: Exception) -> Failure | None:
    """Return what is to be noted of an error; None if it is no failure of the row."""
    match error:
        case ClaimLost() | BudgetSpent() | Superseded(own=True):
            return None
        case StoreError():
            return error.failure
        case SchemaMismatch():
            return Failure(Kind.BUSY, SCHEMA_MISMATCH)
        case Superseded():
            # Another process's write, if it has the row by now: then this is not noted. Or
            # PostgreSQL was restored, and the table holds what no entry knows of.
            return Failure(Kind.REFUSED, REMOTE_AHEAD, str(error.remote_revision))
        case Unmirrorable():
            return Failure(Kind.REFUSED, "Unmirrorable", error.code, field=error.field)
        case UnreadableRow():
            name, place = error.error_class, error.field
        case _:
            name, place = type(error).__name__, _place(error)
    return Failure(Kind.UNEXPLAINED, name, place)


def _place(error: Exception) -> str:
    """Return where an error comes from: the line of a document, or else where it was raised."""
    modules = {
        cls.__module__
        for document in documents()
        for cls in takewhile(lambda cls: cls is not Document, document.__mro__)
    }
    frames = [
        (str(frame.f_globals.get("__name__")), line, frame.f_code.co_name)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    of_documents = [frame for frame in frames if frame[0] in modules]
    module, line, function = (of_documents or frames)[-1]
    return f"{module}:{line} in {function}"


def _retry_after(entry: LedgerEntry, failure: Failure) -> timedelta | None:
    retry_after = failure.retry_after(entry.attempts + 1)
    if retry_after is None and entry.state == State.MIRRORED:
        return LONGEST_DELAY  # only a removal is repeated: nobody would act on it
    return retry_after


def _outcome(failure: Failure, retry_after: timedelta | None) -> Outcome:
    if failure.error_class == SCHEMA_MISMATCH:
        return Outcome.NOT_ATTEMPTED
    return Outcome.FAILED if retry_after else Outcome.PARKED


def _log(entry: LedgerEntry, failure: Failure, *, parked: bool) -> None:
    """Log what a person has to see."""
    if failure.kind in {Kind.REFUSED, Kind.UNEXPLAINED}:
        cause = "" if failure.error_class == REMOTE_AHEAD else failure.code
        logger.error(
            "%s %s %s: %s %s%s",
            entry.model,
            printable(entry.object_id),
            "is parked" if parked else "is not mirrored yet and will be tried again",
            failure.error_class,
            failure.code,
            f" in {failure.field}" if failure.field else "",
            extra={"fingerprint": ["mirror", failure.error_class, cause]},
        )


def _note_late_uploads(attempt: Attempt) -> bool:
    """See to it that what was uploaded after the claim was lost is removed again.

    False if somebody holds the row just now.
    """
    entry = attempt.entry
    if LedgerEntry.objects.filter(pk=entry.pk, claim=entry.claim).exists():
        return True
    return entry.note_late_uploads(attempt.uploaded)
