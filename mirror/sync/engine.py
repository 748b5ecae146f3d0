"""The one write path: brings one object's item and objects to what PostgreSQL holds.

The protocol, whose every part has its reason in ``docs/architecture.md``: record every key before
it is written; object, then item, then removal of what is superseded; write only over an older
revision; delete by a tombstone; acknowledge only the revision that was mirrored.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError

from mirror.documents.items import ItemKey
from mirror.documents.registry import document_for
from mirror.documents.render import Rendered, render
from mirror.documents.rows import rows
from mirror.errors import (
    LONGEST_DELAY,
    ClaimLost,
    Failure,
    Kind,
    SinkError,
    Superseded,
    Unmirrorable,
)
from mirror.models import IN_USE, IN_USE_AGAIN, LANDED, UPLOAD_MAY_LAND, LedgerEntry
from mirror.stores.clients import Sinks
from mirror.stores.dynamodb import DYNAMODB
from mirror.stores.s3 import S3
from mirror.sync.breaker import Breaker
from mirror.sync.budget import Budget, BudgetSpent

logger = logging.getLogger("mirror")
P = ParamSpec("P")
R = TypeVar("R")

STRAY = ""  # the model of an entry for an item that belongs to no registered model
TOMBSTONE_LIFE = timedelta(days=7)  # far longer than a put can be late


class Outcome(Enum):
    """How an attempt ended."""

    MIRRORED = "mirrored"
    LEFT = "left to somebody else, or to a later attempt"
    FAILED = "failed, to be tried again"
    PARKED = "given up until somebody acts or the object changes"


def mirror_entry(
    entry: LedgerEntry, sinks: Sinks, breaker: Breaker, budget: Budget | None = None
) -> Outcome:
    """Make one attempt at a claimed entry, and give the claim back however it ends.

    Raises only what a lost database raises (``OperationalError``, ``InterfaceError``): without the
    ledger nothing can be noted, and the claim ends by itself.
    """
    attempt = Attempt(entry, sinks, breaker, budget)
    try:
        mirrored = attempt.run()
    except (ClaimLost, BudgetSpent):
        mirrored = False
    except Superseded as newer:
        if _somebody_is_ahead(entry, newer):
            mirrored = False
        else:
            return _fail(attempt, Failure(Kind.REFUSED, "RemoteAhead", str(newer)))
    except SinkError as error:
        return _fail(attempt, error.failure)
    except Unmirrorable as error:
        return _fail(attempt, Failure(Kind.REFUSED, "Unmirrorable", error.code))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - the guard: a defect in one object's document, or
        # in ours, must not stop the others; it is logged by class and place, as messages quote data
        frame = traceback.extract_tb(error.__traceback__)[-1]
        failure = Failure(Kind.UNEXPLAINED, type(error).__name__, f"{frame.name}:{frame.lineno}")
        return _fail(attempt, failure)
    if mirrored:
        return Outcome.MIRRORED
    if not entry.release():
        attempt.note_late_uploads()
    return Outcome.LEFT


def _somebody_is_ahead(entry: LedgerEntry, newer: Superseded) -> bool:
    """Whether the ledger knows of the newer revision: another attempt has written it."""
    known = LedgerEntry.objects.filter(pk=entry.pk, revision__gte=newer.remote_revision)
    return known.exists()


def _fail(attempt: Attempt, failure: Failure) -> Outcome:
    entry = attempt.entry
    retry_after = failure.retry_after(entry.attempts + 1)
    if retry_after is None and entry.state == "mirrored":
        retry_after = LONGEST_DELAY  # only a removal is repeated: nobody would act on it
    if not entry.fail(failure, retry_after=retry_after) and not entry.release():
        attempt.note_late_uploads()
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
        self, entry: LedgerEntry, sinks: Sinks, breaker: Breaker, budget: Budget | None
    ) -> None:
        self.entry = entry
        self.sinks = sinks
        self.breaker = breaker
        self.budget = budget
        self.uploads: list[str] = []

    def run(self) -> bool:
        """Mirror the object; false if it changed meanwhile, so that a newer revision is owed."""
        rendered = self._render()
        references = self._references(rendered) if rendered else {}
        item_keys = self._item_keys(rendered)
        object_keys = self._object_keys(set(references.values()))
        if not self.entry.record(item_keys, object_keys):
            raise ClaimLost

        if rendered:
            self._upload(rendered, references)
            self._call(
                DYNAMODB, self.sinks.items.put, rendered.item(self.entry.revision, references)
            )
        live = [rendered.key] if rendered else []
        for key in item_keys:
            if key not in live:
                self._bury(key)
        superseded = [name for name in object_keys if name not in references.values()]
        for name in superseded:
            self._call(S3, self.sinks.objects.delete, name)

        kept = {name: self._use(name) for name in references.values()}
        landing = {n: object_keys[n] for n in superseded if self._may_land(object_keys[n])}
        return self.entry.acknowledge(live, kept | landing)

    def note_late_uploads(self) -> None:
        """See to it that what was uploaded after the claim was lost is removed again."""
        held = LedgerEntry.objects.filter(pk=self.entry.pk, claim=self.entry.claim)
        if self.uploads and not held.exists():
            self.entry.note_late_uploads(self.uploads)

    def _render(self) -> Rendered | None:
        """Read the object as PostgreSQL holds it now; None where it is gone."""
        if self.entry.model == STRAY:
            return None
        document = document_for(self.entry.model)
        instance = rows(document, [self.entry.object_id]).first()
        # The ledger knows an object by one spelling of its id: another one is another object.
        if instance is None or str(instance.pk) != self.entry.object_id:
            return None
        return render(document, instance)

    def _references(self, rendered: Rendered) -> dict[str, str]:
        """Return the S3 key for each body: the present one where the content is unchanged.

        A key that any later attempt meant to remove is never used again: a frozen worker may
        still carry the removal out.
        """
        in_use = [key for key in self.entry.object_keys if self._is_in_use(key)]
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

    def _object_keys(self, wanted: set[str]) -> dict[str, str]:
        """Return the record for S3: what is kept, what may be uploaded, what is to be removed."""
        may_land = (self.entry.claimed_at + UPLOAD_MAY_LAND).isoformat()
        given_up = {IN_USE: LANDED, IN_USE_AGAIN: may_land}
        known = {
            key: state if key in wanted else given_up.get(state, state)
            for key, state in self.entry.object_keys.items()
        }
        new = {key for key in wanted if not self._is_in_use(key)}
        return known | dict.fromkeys(sorted(new), may_land)

    def _is_in_use(self, key: str) -> bool:
        return self.entry.object_keys.get(key) in {IN_USE, IN_USE_AGAIN}

    def _use(self, key: str) -> str:
        """Return the state of a key that the item points to.

        Where an earlier attempt may have uploaded to it as well, that upload can land even after
        the key is removed one day: its removal will have to be repeated.
        """
        return IN_USE if self.entry.object_keys.get(key, IN_USE) == IN_USE else IN_USE_AGAIN

    def _may_land(self, until: str) -> bool:
        return datetime.fromisoformat(until) > self.entry.claimed_at

    def _upload(self, rendered: Rendered, references: dict[str, str]) -> None:
        for body in rendered.bodies:
            key = references[body.attribute]
            if not self._is_in_use(key):
                self.uploads.append(key)
                self._call(S3, self.sinks.objects.put, key, body.content)

    def _bury(self, key: ItemKey) -> None:
        expires_at = self.entry.claimed_at + TOMBSTONE_LIFE
        self._call(DYNAMODB, self.sinks.items.bury, key, self.entry.revision, expires_at)

    def _call(self, sink: str, call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Make one call to a store, if the claim, the breaker and the budget allow it."""
        if time.monotonic() > self.entry.lease_ends:
            # Somebody else may have the object. A failure, so that it is seen and others come
            # first: the next attempt may take as long.
            raise SinkError(Failure(Kind.BUSY, "LeaseTooShort", sink=sink))
        self.breaker.admit(sink)
        try:
            if self.budget is None:
                result = call(*args, **kwargs)
            else:
                result = self.budget.run(sink, call, *args, **kwargs)
        except SinkError as error:
            self.breaker.failed(error.failure)
            raise
        except Superseded:
            self.breaker.succeeded(sink)
            raise
        self.breaker.succeeded(sink)
        return result
