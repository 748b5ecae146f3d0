"""Repairing what a check found: mark it in the ledger and let the engine write, as always."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from django.db import DataError
from django.utils import timezone

from mirror.documents.items import ItemKey, revision_of
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.verify.findings import OBJECT_ORPHANED, ORPHANED, Finding

YOUNG = timedelta(hours=1)  # an object that young may belong to an upload under way
LEFT_OVER = frozenset({ORPHANED, OBJECT_ORPHANED})


@dataclass(frozen=True)
class Plan:
    """What a repair does with the findings."""

    repaired: tuple[Finding, ...]
    left: tuple[Finding, ...]


def plan(findings: Iterable[Finding], stores: Stores, *, delete_orphans: bool) -> Plan:
    """Sort the findings into those that a repair takes on and those that it leaves.

    What is left over is removed only on request, and an object never in its first hour.
    """
    repaired: list[Finding] = []
    left: list[Finding] = []
    for finding in findings:
        removable = delete_orphans and not _is_young(finding, stores)
        takes = finding.kind not in LEFT_OVER or removable
        (repaired if takes else left).append(finding)
    return Plan(tuple(repaired), tuple(left))


def mark_dirty(findings: Collection[Finding], stores: Stores) -> int:
    """Owe every object that the findings are about; return how many. Then drain."""
    by_object = sorted(findings, key=lambda f: (f.model, f.object_id, f.key_text))
    count = 0
    for (model, object_id), group in groupby(by_object, key=lambda f: (f.model, f.object_id)):
        try:
            _mark_object(model, object_id, list(group), stores)
        except DataError:  # a name or a revision larger than the ledger's: the check names it again
            continue
        count += 1
    return count


def still_owed(findings: Iterable[Finding]) -> bool:
    """Whether an object of the findings is not mirrored yet: its repair has not worked."""
    objects = {(finding.model, finding.object_id) for finding in findings}
    return any(
        LedgerEntry.objects.owed().filter(model=model, object_id=object_id).exists()
        for model, object_id in objects
    )


def _mark_object(model: str, object_id: str, findings: list[Finding], stores: Stores) -> None:
    """Owe one object, above every revision that the table holds of it."""
    seen = {f.key for f in findings if isinstance(f.key, ItemKey)}
    items = sorted(f.key for f in findings if f.kind == ORPHANED and isinstance(f.key, ItemKey))
    objects = [f.key_text for f in findings if f.kind == OBJECT_ORPHANED]
    entry = LedgerEntry.objects.filter(model=model, object_id=object_id).first()
    if entry:
        seen |= {ItemKey(*key) for key in entry.item_keys}
    present = stores.items.get_many(sorted(seen), consistent=True)
    remote = max(map(revision_of, present.values()), default=0)
    LedgerEntry.objects.mark_dirty(
        model, object_id, min_revision=remote + 1, item_keys=items, object_keys=objects
    )


def _is_young(finding: Finding, stores: Stores) -> bool:
    if finding.kind != OBJECT_ORPHANED:
        return False
    return any(
        listed.key == finding.key and timezone.now() - listed.modified < YOUNG
        for listed in stores.objects.list(finding.key_text)
    )
