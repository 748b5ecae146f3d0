"""The engine: one attempt to bring a row's item and S3 objects to what PostgreSQL holds.

This is the only code that writes to the stores. ``docs/architecture.md`` gives the reason for each
part of the protocol: record every key before it is written; object, then item, then removal of
what is superseded; write only over an older revision; delete by a tombstone; acknowledge only the
revision that was mirrored.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from typing import ParamSpec, TypeVar

from mirror.batching import batched
from mirror.documents.items import ItemKey
from mirror.documents.registry import document_for
from mirror.documents.render import Rendered, render
from mirror.documents.rows import rows
from mirror.errors import (
    DATABASE_TROUBLE,
    LONGEST_DELAY,
    ClaimLost,
    Failure,
    Kind,
    StoreError,
    Superseded,
    Unmirrorable,
)
from mirror.models import LedgerEntry, State
from mirror.models.due import ORPHAN_MODEL
from mirror.models.key_states import IN_USE, REUPLOADED, KeyState
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import DYNAMODB
from mirror.stores.s3 import S3
from mirror.sync.breaker import Breaker
from mirror.sync.budget import Budget, BudgetSpent

logger = logging.getLogger("mirror")
P = ParamSpec("P")
R = TypeVar("R")

TOMBSTONE_LIFE = timedelta(days=7)  # far longer than a put can be late
REMOVED_AT_ONCE = 1000  # objects that one DeleteObjects takes


class Outcome(Enum):
    """How an attempt ended."""

    MIRRORED = "mirrored"
    OVERTAKEN = "the row changed, or another process has it: a later attempt will do it"
    OUT_OF_TIME = "the budget of the request was spent; pending"
    NOT_ATTEMPTED = "a store is out of reach, or another process has the row; pending"
    FAILED = "failed, to be tried again"
    PARKED = "given up until somebody acts or the row changes"


def mirror_entry(
    entry: LedgerEntry, stores: Stores, breaker: Breaker, budget: Budget | None = None
) -> Outcome:
    """Make one attempt at a claimed entry, and give the claim back however it ends.

    Raises only ``DATABASE_TROUBLE``: without the ledger nothing can be noted, and the claim ends
    by itself.
    """
    attempt = Attempt(entry, stores, breaker, budget)
    try:
        outcome = Outcome.MIRRORED if attempt.run() else Outcome.OVERTAKEN
    except ClaimLost:
        outcome = Outcome.OVERTAKEN
    except BudgetSpent:
        outcome = Outcome.OUT_OF_TIME
    except Superseded as newer:
        remote = newer.remote_revision
        if remote == entry.revision or not _ledger_knows(entry, remote):
            return _fail(attempt, Failure(Kind.REFUSED, "RemoteAhead", str(remote)))
        outcome = Outcome.OVERTAKEN
    except StoreError as error:
        return _fail(attempt, error.failure)
    except Unmirrorable as error:
        return _fail(attempt, Failure(Kind.REFUSED, "Unmirrorable", error.code))
    except DATABASE_TROUBLE:
        raise
    except Exception as error:  # noqa: BLE001 - the guard: a defect in one row's document, or in
        # ours, must not stop the others; it is logged by class and place, as messages quote data
        frame = traceback.extract_tb(error.__traceback__)[-1]
        failure = Failure(Kind.UNEXPLAINED, type(error).__name__, f"{frame.name}:{frame.lineno}")
        return _fail(attempt, failure)
    if outcome is not Outcome.MIRRORED and not entry.release():
        attempt.note_late_uploads()
    return outcome


def _ledger_knows(entry: LedgerEntry, revision: int) -> bool:
    """Whether the ledger has given out this revision: another attempt has written it."""
    return LedgerEntry.objects.filter(pk=entry.pk, revision__gte=revision).exists()


def _fail(attempt: Attempt, failure: Failure) -> Outcome:
    """Note a failure in the ledger, give the claim back, and log what a person has to see."""
    entry = attempt.entry
    retry_after = failure.retry_after(entry.attempts + 1)
    if retry_after is None and entry.state == State.MIRRORED:
        retry_after = LONGEST_DELAY  # only a removal is repeated: nobody would act on it
    if not entry.fail(failure, retry_after=retry_after):
        # The row changed meanwhile, or another process has it: this says nothing of its new state.
        if not entry.release():
            attempt.note_late_uploads()
        return Outcome.OVERTAKEN
    if failure.kind in {Kind.REFUSED, Kind.UNEXPLAINED}:
        logger.error(
            "%s %s is not mirrored%s: %s %s",
            entry.model,
            entry.object_id,
            " and parked" if retry_after is None else "",
            failure.error_class,
            failure.code,
        )
    return Outcome.FAILED if retry_after else Outcome.PARKED


class Attempt:
    """One attempt to mirror one entry."""

    def __init__(
        self, entry: LedgerEntry, stores: Stores, breaker: Breaker, budget: Budget | None
    ) -> None:
        self.entry = entry
        self.stores = stores
        self.breaker = breaker
        self.budget = budget
        self.known: dict[str, KeyState] = {}  # what earlier attempts recorded of each S3 key
        self.uploads: list[str] = []
        self.admitted: set[str] = set()

    def run(self) -> bool:
        """Mirror the row; false if it changed meanwhile, so that a newer revision is owed."""
        self.known = self.entry.key_states
        rendered = self._render()
        references = self._references(rendered) if rendered else {}
        self._admit_all(rendered, references)
        item_keys = self._item_keys(rendered)
        states = self._states_to_record(set(references.values()))
        if not self.entry.record(item_keys, states):
            raise ClaimLost

        if rendered:
            self._upload(rendered, references)
            item = rendered.item(self.entry.revision, references)
            self._call(DYNAMODB, rendered.partition, self.stores.items.put, item)
        live = [rendered.key] if rendered else []
        for key in item_keys:
            if key not in live:
                self._put_tombstone(key)
        landing = self._remove_superseded(item_keys, states, references)

        kept = {name: self._state_in_use(name) for name in references.values()}
        return self.entry.acknowledge(live, kept | landing)

    def note_late_uploads(self) -> None:
        """See to it that what was uploaded after the claim was lost is removed again."""
        held = LedgerEntry.objects.filter(pk=self.entry.pk, claim=self.entry.claim)
        if self.uploads and not held.exists():
            self.entry.note_late_uploads(self.uploads)

    def _render(self) -> Rendered | None:
        """Render the row as PostgreSQL holds it now; None if it is gone."""
        if self.entry.model == ORPHAN_MODEL:
            return None
        document = document_for(self.entry.model)
        instance = rows(document, [self.entry.object_id]).first()
        # The ledger knows a row by one spelling of its id: another spelling is another row.
        if instance is None or str(instance.pk) != self.entry.object_id:
            return None
        return render(document, instance)

    def _references(self, rendered: Rendered) -> dict[str, str]:
        """Return the S3 key for each body: the present one if the content is unchanged.

        A key that any later attempt meant to remove is never used again: a frozen worker may
        still carry the removal out.
        """
        in_use = [key for key in self.known if self._is_in_use(key)]
        return {
            body.attribute: next(
                (key for key in in_use if body.fingerprint.is_kept_at(key)),
                body.fingerprint.key(self.entry.revision),
            )
            for body in rendered.bodies
        }

    def _item_keys(self, rendered: Rendered | None) -> list[ItemKey]:
        keys = [ItemKey(*key) for key in self.entry.item_keys]
        if rendered and rendered.key not in keys:
            keys.append(rendered.key)
        return keys

    def _states_to_record(self, wanted: set[str]) -> dict[str, KeyState]:
        """Return the record for S3: what is kept, what may be uploaded, what is to be removed."""
        since = self.entry.claimed_at
        known = {
            key: state if key in wanted else state.superseded(since)
            for key, state in self.known.items()
        }
        new = sorted(key for key in wanted if not self._is_in_use(key))
        return known | dict.fromkeys(new, KeyState.uploading(since))

    def _is_in_use(self, key: str) -> bool:
        return key in self.known and self.known[key].in_use

    def _state_in_use(self, key: str) -> KeyState:
        """Return the state of a key that the item now points to.

        If an earlier attempt may have uploaded to it as well, that upload can land even after the
        key is removed one day: its removal will have to be repeated.
        """
        return IN_USE if self.known.get(key, IN_USE) == IN_USE else REUPLOADED

    def _may_land(self, state: KeyState) -> bool:
        return state.may_land(self.entry.claimed_at)

    def _admit_all(self, rendered: Rendered | None, references: dict[str, str]) -> None:
        """Ask the breaker before anything is recorded: what is never sent must leave no key."""
        if rendered:
            self._admit(DYNAMODB, rendered.partition)
        for key in references.values():
            if not self._is_in_use(key):
                self._admit(S3, key)

    def _upload(self, rendered: Rendered, references: dict[str, str]) -> None:
        for body in rendered.bodies:
            key = references[body.attribute]
            if not self._is_in_use(key):
                self.uploads.append(key)
                self._call(S3, key, self.stores.objects.put, key, body.content)

    def _remove_superseded(
        self, item_keys: list[ItemKey], states: dict[str, KeyState], references: dict[str, str]
    ) -> dict[str, KeyState]:
        """Remove the objects that no item refers to; return those to be removed once more.

        What is removed for good is dropped from the ledger as it goes: more keys than one lease
        can remove are removed by several attempts.
        """
        left = dict(states)
        superseded = [name for name in states if name not in references.values()]
        batches = list(batched(superseded, REMOVED_AT_ONCE))
        for number, batch in enumerate(batches, start=1):
            self._call(S3, batch[0], self.stores.objects.delete, *batch)
            for name in batch:
                if not self._may_land(states[name]):
                    del left[name]
            if number < len(batches) and not self.entry.record(item_keys, left):
                raise ClaimLost
        return {name: left[name] for name in superseded if name in left}

    def _put_tombstone(self, key: ItemKey) -> None:
        expires_at = self.entry.claimed_at + TOMBSTONE_LIFE
        self._call(
            DYNAMODB, key.pk, self.stores.items.put_tombstone, key, self.entry.revision, expires_at
        )

    def _admit(self, store: str, partition: str) -> None:
        """Ask the breaker; once for each store, as the first question may take the probe."""
        self.breaker.admit_partition(store, partition)
        if store not in self.admitted:
            self.breaker.admit(store)
            self.admitted.add(store)

    def _call(
        self,
        store: str,
        partition: str,
        call: Callable[P, R],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Make one call to a store, if the lease, the breaker and the budget allow it."""
        if time.monotonic() > self.entry.lease_ends:
            # Another process may have the row. A failure, so that it is seen and other rows come
            # first: the next attempt may take as long.
            raise StoreError(Failure(Kind.BUSY, "LeaseTooShort", store=store))
        self._admit(store, partition)
        try:
            if self.budget is None:
                result = call(*args, **kwargs)
            else:
                result = self.budget.run(store, call, *args, **kwargs)
        except StoreError as error:
            self.breaker.failed(error.failure, partition)
            raise
        except Superseded:
            self.breaker.succeeded(store, partition)
            raise
        self.breaker.succeeded(store, partition)
        return result
