"""The repair: marks dirty what a check found, so that the engine writes it, as it always does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from django.db import DataError

from mirror.documents.items import ItemKey
from mirror.models import LedgerEntry
from mirror.models.clock import database_time
from mirror.stores.clients import Stores
from mirror.verify.findings import OBJECT_ORPHANED, ORPHAN_KINDS, ORPHANED, Finding

YOUNG = timedelta(hours=1)  # an object that is younger may belong to an upload under way


@dataclass(frozen=True)
class Plan:
    """Which findings a repair enqueues, and which it leaves alone."""

    repaired: tuple[Finding, ...]
    left: tuple[Finding, ...]


def plan(findings: Iterable[Finding], stores: Stores, *, delete_orphans: bool) -> Plan:
    """Sort the findings into those that a repair repairs and those that it leaves alone.

    Orphans are removed only on request, and objects never in their first hour.
    """
    repaired: list[Finding] = []
    left: list[Finding] = []
    for finding in findings:
        removable = delete_orphans and not _is_young(finding, stores)
        repairable = finding.kind not in ORPHAN_KINDS or removable
        (repaired if repairable else left).append(finding)
    return Plan(tuple(repaired), tuple(left))


def mark_dirty(findings: Iterable[Finding], stores: Stores) -> set[Finding]:
    """Enqueue every row that the findings are about; drain afterwards.

    Returns the findings whose name or revision the ledger cannot hold.
    """
    ordered = sorted(findings, key=lambda f: (f.model, f.object_id, f.key_text))
    refused = set[Finding]()
    for (model, object_id), group in groupby(ordered, key=lambda f: (f.model, f.object_id)):
        of_row = list(group)
        try:
            _mark_row_dirty(model, object_id, of_row, stores)
        except DataError:
            refused.update(of_row)
    return refused


def still_owed(findings: Iterable[Finding]) -> dict[tuple[str, str], str]:
    """Return why rows of the findings are still owed, by model and id."""
    ids: dict[str, set[str]] = {}
    for finding in findings:
        ids.setdefault(finding.model, set()).add(finding.object_id)
    owed = (
        entry
        for model, rows in ids.items()
        for entry in LedgerEntry.objects.owed().filter(model=model, object_id__in=rows)
    )
    return {(entry.model, entry.object_id): _why(entry) for entry in owed}


def _why(entry: LedgerEntry) -> str:
    failure = f"{entry.error_class} {entry.error_code}".strip()
    return f"{entry.state} ({failure})" if failure else str(entry.state)


def _mark_row_dirty(model: str, object_id: str, findings: list[Finding], stores: Stores) -> None:
    """Enqueue one row under a revision above every one that the table holds of it."""
    keys = {f.key for f in findings if isinstance(f.key, ItemKey)}
    entry = LedgerEntry.objects.filter(model=model, object_id=object_id).first()
    if entry:
        keys |= {ItemKey(*key) for key in entry.item_keys}
    items = stores.items.get_many(sorted(keys), consistent=True)
    LedgerEntry.objects.mark_dirty(
        model,
        object_id,
        overwriting=list(items.values()),
        item_keys=sorted(
            f.key for f in findings if f.kind == ORPHANED and isinstance(f.key, ItemKey)
        ),
        object_keys=[f.key_text for f in findings if f.kind == OBJECT_ORPHANED],
        backfill=True,
    )


def _is_young(finding: Finding, stores: Stores) -> bool:
    """Whether the finding is about an object that was uploaded within the last hour."""
    if finding.kind != OBJECT_ORPHANED:
        return False
    return any(
        listed.key == finding.key and database_time() - listed.modified < YOUNG
        for listed in stores.objects.list(finding.key_text)
    )
