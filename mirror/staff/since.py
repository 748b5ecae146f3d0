"""What became of findings: what was repaired, what the latest check says, and the ledger.

With the names of the rows, for staff who may view these. However many findings there are, each
model is asked once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest

from mirror.documents.document import Document, field_attributes
from mirror.documents.registry import document_for, labels
from mirror.documents.rows import fields, rows_with_keys
from mirror.documents.unreadable import by_halves
from mirror.formats import moment, number
from mirror.models import CheckRun, LedgerEntry, State
from mirror.staff.access import require_view
from mirror.staff.found import Found, Identity, identity
from mirror.verify.findings import ORPHAN_KINDS

REPAIRS_WITHIN = timedelta(days=30)
MOST_REPAIRS = 50  # runs
DIFFERS, EQUAL, UNKNOWN = "differs", "equal", "unknown"


@dataclass(frozen=True)
class Outcome:
    """What became of one finding."""

    state: str  # in the latest complete check
    sentences: tuple[str, ...]
    name: str = field(repr=False)  # of the row; empty if this person may not view it
    may_view: bool


@dataclass(frozen=True)
class _Repair:
    """A repair, and whether the comparison after it proves that it worked."""

    at: datetime
    worked: bool


class Since:
    """What became of the findings that a page shows."""

    def __init__(self, request: HttpRequest, start: datetime, findings: Sequence[Found]) -> None:
        """``start`` is when the first of them may have been found."""
        self.latest = CheckRun.objects.filter(complete=True).first()
        self._still = {identity(values) for values in self.latest.findings} if self.latest else {}
        self._request = request
        self._repaired = self._repairs(start) if findings else {}
        self._entries = _entries(findings)
        self._viewable: set[str] = set()
        self._names: dict[tuple[str, str], str | Exception] = {}
        for label in {found.model for found in findings} & set(labels()):
            self._read_names(label, [f.object_id for f in findings if f.model == label])

    def of(self, found: Found) -> Outcome:
        """Return what became of one finding."""
        state, sentence = self._in_latest_check(found)
        sentences = [*self._in_repair(found), sentence, *self._in_ledger(found)]
        name = self._names.get((found.model, found.object_id), "")
        if isinstance(name, Exception):
            sentences.append(f"The row cannot be read ({type(name).__name__}).")
        return Outcome(
            state,
            tuple(sentences),
            "" if isinstance(name, Exception) else name,
            found.model in self._viewable,
        )

    def _in_repair(self, found: Found) -> Iterator[str]:
        repair = self._repaired.get(found.identity)
        if repair is None:
            return
        is_orphan = found.kind in ORPHAN_KINDS
        if repair.worked:
            did = "removed it" if is_orphan else "mirrored it again"
        else:
            did = "tried to remove it" if is_orphan else "tried to mirror it again"
        yield f"A repair {did}, {moment(repair.at)}."

    def _in_latest_check(self, found: Found) -> tuple[str, str]:
        """Return the state, and a sentence that says it."""
        latest = self.latest
        if latest is None or latest.started_at < found.times[0]:
            return UNKNOWN, "No complete check since."
        if found.identity in self._still:
            return DIFFERS, f"Still differs in the check of {moment(latest.started_at)}."
        entry = self._entries.get((found.model, found.object_id))
        if entry and entry.state == State.PENDING and entry.owed_since < latest.started_at:
            checked = moment(latest.started_at)
            return UNKNOWN, f"Pending in the check of {checked}, so not compared."
        kept = len(latest.findings)
        if latest.differences > kept:
            return UNKNOWN, (
                f"Not among the first {number(kept)} of the {number(latest.differences)} "
                f"differences of {moment(latest.started_at)}; only these are kept."
            )
        return EQUAL, f"No longer differs in the check of {moment(latest.started_at)}."

    def _in_ledger(self, found: Found) -> Iterator[str]:
        entry = self._entries.get((found.model, found.object_id))
        if entry is None:
            yield "The ledger has no entry for it."
        elif entry.state == State.PARKED:
            failure = f"{entry.error_class} {entry.error_code}".strip()
            yield f"Now parked since {moment(entry.parked_at or entry.owed_since)}: {failure}."
        elif entry.state == State.PENDING:
            yield f"Now pending since {moment(entry.owed_since)}."
        elif entry.mirrored_at:
            yield f"Last mirrored {moment(entry.mirrored_at)}."

    def _repairs(self, start: datetime) -> dict[Identity, _Repair]:
        """Return the last repair of each finding, by the runs of the month after ``start``."""
        runs = CheckRun.objects.filter(
            repaired_count__gt=0, started_at__gte=start, started_at__lt=start + REPAIRS_WITHIN
        )[:MOST_REPAIRS]
        repairs: dict[Identity, _Repair] = {}
        for run in reversed(runs):
            left = {identity(values) for values in run.findings}
            all_known = not run.pending and run.differences == len(run.findings)
            for one in map(identity, run.repaired):
                repairs[one] = _Repair(run.started_at, worked=all_known and one not in left)
        return repairs

    def _read_names(self, label: str, ids: list[str]) -> None:
        document = document_for(label)
        model = document.mirror_options.model
        if not _may_view(self._request, model, None):
            return
        self._viewable.add(label)
        heavy = _heavy_fields(document)

        def names(some: Sequence[str]) -> dict[str, str]:
            found = rows_with_keys(model, some).defer(*heavy)
            return {str(row.pk): str(row) for row in found if _may_view(self._request, model, row)}

        found = by_halves(names, ids)
        self._names |= {(label, object_id): name for object_id, name in found.items()}


def _entries(findings: Sequence[Found]) -> dict[tuple[str, str], LedgerEntry]:
    if not findings:
        return {}
    entries = LedgerEntry.objects.filter(
        model__in={found.model for found in findings},
        object_id__in={found.object_id for found in findings},
    ).defer("item_keys", "object_keys", "attempted")
    return {(entry.model, entry.object_id): entry for entry in entries}


def _may_view(request: HttpRequest, model: type[models.Model], row: Any) -> bool:
    try:
        require_view(request, model, row)
    except PermissionDenied:
        return False
    return True


def _heavy_fields(document: type[Document]) -> list[str]:
    """Return the fields that the mirror keeps in S3, or may: no name is made of such a text."""
    attributes = field_attributes(document)
    return [
        column.attname
        for column in fields(document.mirror_options.model)
        if isinstance(column, models.TextField | models.JSONField)
        and (
            column.attname not in attributes or column.attname in document.mirror_options.long_texts
        )
    ]
