"""The check: PostgreSQL compared with DynamoDB and S3, in both directions.

The table is scanned once, and what it holds is noted; then the rows are walked, and what each
should have in the table is looked up in the notes. Whatever looks wrong is examined again, alone
and with consistent reads, before it becomes a finding. Each part finds what no other part can find,
so nothing is found twice. Memory grows neither with the number of rows nor with that of findings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import chain

from mirror.documents.document import Document
from mirror.documents.registry import documents
from mirror.documents.rows import all_rows
from mirror.models import ChangeCount
from mirror.processes import Emit, in_processes
from mirror.stores.clients import Clients, Stores, reading_clients
from mirror.verify.items import scans
from mirror.verify.report import EVERYTHING, Part, Report, Scope
from mirror.verify.rows import Range, fetched, ranges, walk
from mirror.verify.seen import Notes, notes_in_files
from mirror.verify.threads import THREADS, open_threads

LONG = 1000  # rows: a shorter table is not worth several requests at a time

Progress = Callable[[int], object]
Phase = Callable[[int, Stores], Iterator[Part]]  # called with the number of its process, from 0 on


def check(stores: Stores, scope: Scope = EVERYTHING, progress: Progress = int) -> Report:
    """Compare PostgreSQL with both stores; raises ``StoreError`` if one cannot be read.

    A sample leaves out the scan of the table, so only a complete check finds items that belong to
    no row. ``progress`` is called with the number of rows and items that were looked at since its
    last call.
    """
    return _check(lambda: stores, 1, scope, progress)


def check_in_processes(count: int, scope: Scope = EVERYTHING, progress: Progress = int) -> Report:
    """Do the same in several processes; raises ``ProcessDied`` if one was killed."""
    return _check(reading_clients, count, scope, progress)


def count_rows() -> int:
    """Return how many rows a complete check compares."""
    return sum(all_rows(document.mirror_options.model).count() for document in documents())


def segments_for(processes: int, rows: int) -> int:
    """Return into how many segments these processes should divide their scan."""
    return processes * (THREADS if rows > LONG else 1)


@dataclass(frozen=True)
class Job:
    """A check, or one machine's share of it, that is divided among processes."""

    processes: int
    scope: Scope
    notes: Notes
    segments: range  # of the table
    all_segments: int  # with those of other machines
    ranges: dict[type[Document], list[Range]]  # of the rows

    def scan(self, number: int, stores: Stores) -> Iterator[Part]:
        """Do a process's part of the scan."""
        segments = self.segments[number :: self.processes]
        with self.notes.noting(number) as note, open_threads() as threads:
            yield from threads.side_by_side(scans(segments, self.all_segments, stores, note))

    def walk(self, number: int, stores: Stores) -> Iterator[Part]:
        """Do a process's part of the walk through the rows."""
        known = self.notes.looking_up() if self.scope.complete else nullcontext(fetched(stores))
        with known as seen, open_threads() as threads:
            walks = (
                walk(document, part, seen, stores, self.scope)
                for document, parts in self.ranges.items()
                for part in parts[number : number + 1]
            )
            yield from threads.in_order(chain.from_iterable(walks))


def _check(clients: Clients, processes: int, scope: Scope, progress: Progress) -> Report:
    report = Report(complete=scope.complete, deep=scope.deep, changes=ChangeCount.objects.total())
    started = time.monotonic()
    segments = segments_for(processes, count_rows())
    by_document = {document: ranges(document, processes) for document in documents()}
    with notes_in_files() as notes:
        job = Job(processes, scope, notes, range(segments), segments, by_document)
        for phase in [job.scan, job.walk] if scope.complete else [job.walk]:
            carry_out(phase, processes, clients, report, progress)
    report.seconds = time.monotonic() - started
    return report


def carry_out(
    phase: Phase, processes: int, clients: Clients, report: Report, progress: Progress
) -> None:
    """Let processes do a phase of a check, and report what they find."""
    for part in _shared(processes, partial(_counting_units, phase, clients)):
        report.add(part)
        progress(part.expected + part.items)


def _counting_units(phase: Phase, clients: Clients, number: int) -> Iterator[Part]:
    """Do a process's part of a phase, and tell what it read from the table."""
    stores = clients()
    units = stores.items.read_units
    yield from phase(number, stores)
    yield Part(read_units=stores.items.read_units - units)


def _shared(processes: int, work: Callable[[int], Iterator[Part]]) -> Iterator[Part]:
    if processes == 1:
        return work(0)

    def emit_all(number: int, emit: Emit[Part]) -> None:
        for part in work(number):
            emit(part)

    return in_processes(processes, emit_all)
