"""A check that several machines share: each scans its segments, walks its rows, and leaves notes.

DynamoDB divides the table by a hash that it keeps to itself, so the items that a machine sees are
not those of the rows that it walks. No machine alone can tell whether the items of its rows are
there. It notes the fingerprints that it has seen, and those that its rows should have; the machine
that ends last looks the latter up among the former. Both are divided by the fingerprint into
buckets, of which one at a time is in memory.

No machine waits for another: they may work at the same time or one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import transaction

from mirror.documents.document import Document
from mirror.documents.registry import document_for, documents, labels
from mirror.models import ChangeCount, Changes, SharedCheck
from mirror.models.clock import database_time
from mirror.stores.clients import Stores, reading_clients
from mirror.verify import history
from mirror.verify.check import Job, Progress, carry_out, count_rows, segments_for
from mirror.verify.compare import examine
from mirror.verify.notes import NotesOfShare, findings_of, unseen
from mirror.verify.report import Part, Report, Scope, Segment
from mirror.verify.rows import Range, between, ranges
from mirror.verify.threads import open_threads

ROWS_OF_A_BUCKET = 200_000  # some 40 MB of fingerprints

FIGURES = ("expected", "in_sync", "pending", "read_units")


def check_share(
    number: int, count: int, scope: Scope, processes: int, progress: Progress = int
) -> Report:
    """Do one of ``count`` shares of a check; the first has the number 1.

    If all others are done, join what they have found, save it as one check, and report that.
    Otherwise report this share. Raises ``ShareLost`` if this share counts no more.
    """
    started = time.monotonic()
    share = Share.begun(number, count, scope, processes)
    own = Report(complete=False, deep=scope.deep)
    job = share.job()
    for phase in (job.scan, job.walk):
        carry_out(phase, processes, reading_clients, own, progress)
    share.notes.leave_findings(own.findings)
    own.seconds = time.monotonic() - started
    while True:
        check = share.hand_in(own)
        if missing := check.missing():
            own.segment = Segment(number, count, tuple(missing))
            return own
        joined = share.join(check, progress)
        if share.record(check, joined):
            SharedCheck.objects.remove_old()
            return joined


@dataclass(frozen=True)
class Share:
    """One machine's share of a check, under the token of this attempt at it."""

    number: int
    check: SharedCheck
    scope: Scope
    processes: int
    token: str

    @property
    def notes(self) -> NotesOfShare:
        """What this share leaves for the machine that ends last."""
        return NotesOfShare(self.check, self.token)

    @classmethod
    def begun(cls, number: int, count: int, scope: Scope, processes: int) -> Share:
        """Begin a share of the check that is open, or of a new one."""
        same = {"shares": count, "deep": scope.deep, "labels": sorted(labels())}
        token = uuid4().hex
        plan = partial(_plan, count, processes)
        check = SharedCheck.objects.join_or_open(number, token, plan, **same)
        return cls(number, check, scope, processes, token)

    def job(self) -> Job:
        """Return the work of this share."""
        total = self.check.segments
        segments = range(self.number - 1, total, self.check.shares)
        by_document = {document: self._ranges(document) for document in documents()}
        return Job(self.processes, self.scope, self.notes, segments, total, by_document)

    def _ranges(self, document: type[Document]) -> list[Range]:
        parts = between(self.check.bounds[document.mirror_options.label])
        own = parts[self.number - 1 : self.number]  # few rows have fewer parts
        return [part for whole in own for part in ranges(document, self.processes, whole)]

    @transaction.atomic
    def hand_in(self, own: Report) -> SharedCheck:
        """Return the check with the figures of this share.

        They are saved unless this is the last share, which joins them all: whoever else ends
        meanwhile must wait for it, and does not join them, too.
        """
        check = self.check.locked(self.number, self.token)
        check.figures[str(self.number)] = {name: getattr(own, name) for name in FIGURES}
        if check.missing():
            check.save(update_fields=["figures"])
        return check

    def join(self, check: SharedCheck, progress: Progress) -> Report:
        """Return what all shares together have found."""
        whole = Segment(self.number, check.shares)
        changes = check.changes and Changes(**check.changes)
        report = Report(deep=check.deep, changes=changes, started_at=check.opened_at, segment=whole)
        for figures in check.figures.values():
            report.add(Part(**figures))
        report.findings.extend(findings_of(check))
        look_up = partial(self._look_up, check)
        carry_out(look_up, self.processes, reading_clients, report, progress)
        report.seconds = (database_time() - check.opened_at).total_seconds()
        return report

    def _look_up(self, check: SharedCheck, process: int, stores: Stores) -> Iterator[Part]:
        """Do a process's part of looking up what was wanted among what was seen."""
        with open_threads() as threads:
            for bucket in range(process, check.buckets, self.processes):
                part = Part()
                yield from threads.in_order(
                    partial(_examined, label, object_id, stores, deep=check.deep)
                    for label, object_id in unseen(check, bucket, part)
                )
                yield part

    @transaction.atomic
    def record(self, check: SharedCheck, report: Report) -> bool:
        """Save the check, unless another share was begun anew while this one joined them all."""
        now = self.check.locked(self.number, self.token)
        if now.tokens != check.tokens:
            return False
        history.record(report)
        now.closed = True
        now.save(update_fields=["closed"])
        return True


def _plan(count: int, processes: int) -> dict[str, Any]:
    """Return how the table and the rows are divided into ``count`` shares."""
    rows = count_rows()
    bounds = {
        document.mirror_options.label: [part.up_to for part in ranges(document, count)[:-1]]
        for document in documents()
    }
    return {
        "segments": count * segments_for(processes, rows),
        "bounds": bounds,
        "buckets": rows // ROWS_OF_A_BUCKET + 1,
        "changes": ChangeCount.objects.total()._asdict(),
    }


def _examined(label: str, object_id: str, stores: Stores, *, deep: bool) -> Part:
    part = Part()
    part.add_examination(examine(document_for(label), object_id, stores, deep=deep))
    return part
