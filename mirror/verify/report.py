"""What a check looks at, and what it found."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.utils import timezone

from mirror.formats import number, percent
from mirror.models import Changes, Workers, is_conclusive
from mirror.verify.compare import Examination
from mirror.verify.findings import ORPHAN_KINDS, Finding, Findings

SCALE = 1_000_000  # percentages have four decimals


@dataclass(frozen=True)
class Scope:
    """How much a check looks at."""

    deep: bool = False  # read every object, even if S3 lists the right checksum
    sample: float = 100.0  # percent of the rows, the same ones each time

    @property
    def complete(self) -> bool:
        """Whether everything is compared."""
        return self.sample >= 100  # noqa: PLR2004 - percent

    def includes(self, object_id: str) -> bool:
        """Whether the row is in the sample."""
        return self.complete or zlib.crc32(object_id.encode()) % 10_000 < self.sample * 100


class Counted(Protocol):
    """What figures are computed from: a report, or a run of the history."""

    @property
    def expected(self) -> int: ...
    @property
    def in_sync(self) -> int: ...
    @property
    def pending(self) -> int: ...
    @property
    def counts(self) -> Mapping[str, int]: ...


@dataclass(frozen=True)
class Figures:
    """The figures of a check, the same wherever they are shown.

    ``expected`` is the number of rows that should be in the mirror. Each of them is either in
    sync, pending or differing. An orphan is no part of what a row should have: it differs, and
    leaves a row in sync that is equal. All percentages are shares of ``total``, the rows and the
    orphans.
    """

    expected: int
    in_sync: int
    pending: int
    orphans: int

    @classmethod
    def of(cls, counted: Counted) -> Figures:
        """Return the figures of a report, or of a run of the history."""
        orphans = sum(counted.counts.get(kind, 0) for kind in ORPHAN_KINDS)
        return cls(counted.expected, counted.in_sync, counted.pending, orphans)

    @property
    def total(self) -> int:
        """The number of rows and orphans: that of which there are shares."""
        return self.expected + self.orphans

    @property
    def differing(self) -> int:
        """The number of rows and orphans that differ. One row may have several findings."""
        return self.total - self.in_sync - self.pending

    @property
    def parity_percent(self) -> float:
        """The share that is in sync. Cut to four decimals, so 100 only if all of it is."""
        return self.in_sync * SCALE // self.total * 100 / SCALE if self.total else 100.0

    @property
    def mismatch_percent(self) -> float:
        """The share that differs. Rounded up to four decimals, so 0 only if nothing does."""
        return -(-self.differing * SCALE // self.total) * 100 / SCALE if self.total else 0.0

    @property
    def conclusive(self) -> bool:
        """Whether enough was compared to prove anything."""
        return is_conclusive(self.expected, self.pending)

    def __str__(self) -> str:
        things = "rows and orphans" if self.orphans else "rows"
        return (
            f"{percent(self.parity_percent)} in sync: {number(self.in_sync)} of "
            f"{number(self.total)} {things}, {number(self.pending)} pending, "
            f"{number(self.differing)} differing"
        )


@dataclass
class Part:
    """What a part of a check found. ``expected``, ``in_sync`` and ``pending`` count rows."""

    expected: int = 0
    in_sync: int = 0
    pending: int = 0
    items: int = 0  # scanned
    read_units: float = 0.0
    findings: set[Finding] = field(default_factory=set)

    def add_examination(self, examination: Examination) -> None:
        """Add what examining one row came to. Its orphans are counted by themselves."""
        self.findings.update(examination.findings)
        if examination.pending:
            self.pending += 1
        elif all(finding.kind in ORPHAN_KINDS for finding in examination.findings):
            self.in_sync += 1


@dataclass(frozen=True)
class Segment:
    """A machine's share of a check: which of how many, and which others are not done."""

    number: int
    count: int
    waiting_for: tuple[int, ...] = ()


@dataclass
class Report:
    """What a check found. ``expected``, ``in_sync`` and ``pending`` count rows.

    If it waits for other segments, ``in_sync`` has only the rows of its own that need no others.
    """

    expected: int = 0
    in_sync: int = 0
    pending: int = 0
    findings: Findings = field(default_factory=Findings)
    complete: bool = True
    deep: bool = False
    changes: Changes | None = None  # mirrored before it began, as far as they were counted
    started_at: datetime = field(default_factory=timezone.now)
    seconds: float = 0.0
    read_units: float = 0.0
    segment: Segment | None = None  # if several machines share the check

    @property
    def waiting_for(self) -> tuple[int, ...]:
        """The other segments that must be done before there is a verdict."""
        return self.segment.waiting_for if self.segment else ()

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings of each kind."""
        return self.findings.counts

    @property
    def figures(self) -> Figures:
        """The figures to show."""
        return Figures.of(self)

    @property
    def parity_percent(self) -> float:
        """The share of all rows and orphans that is in sync; see ``Figures``."""
        return self.figures.parity_percent

    def add(self, part: Part) -> None:
        """Add a part of the check."""
        self.expected += part.expected
        self.in_sync += part.in_sync
        self.pending += part.pending
        self.read_units += part.read_units
        self.findings.extend(sorted(part.findings, key=Finding.sort_key))

    def as_json(self, workers: Workers) -> Iterator[str]:
        """Yield the report as one JSON object, piece by piece, as it may be very long."""
        figures = self.figures
        values: dict[str, Any] = {
            "parity_percent": figures.parity_percent,
            "expected": figures.expected,
            "in_sync": figures.in_sync,
            "pending": figures.pending,
            "counts": self.counts,
            "complete": self.complete,
            "started_at": self.started_at.isoformat(),
            "seconds": round(self.seconds, 3),
            "read_units": self.read_units,
            "workers": {
                "alive": workers.alive,
                "last_seen_at": workers.last_seen_at and workers.last_seen_at.isoformat(),
            },
        }
        if self.segment:
            values["segment"] = asdict(self.segment)
        yield json.dumps(values, indent=2).removesuffix("\n}") + ',\n  "findings": ['
        separator = "\n    "
        for finding in self.findings:
            yield separator + json.dumps(finding.as_dict())
            separator = ",\n    "
        yield "\n  ]\n}\n"


EVERYTHING = Scope()
