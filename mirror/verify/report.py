"""What a check looks at, and what it found."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from mirror.verify.compare import Examination
from mirror.verify.findings import KINDS, ORPHAN_KINDS, Finding


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


@dataclass
class Report:
    """What a check found. ``expected``, ``in_sync`` and ``pending`` are numbers of rows."""

    expected: int = 0
    in_sync: int = 0
    pending: int = 0
    findings: set[Finding] = field(default_factory=set)
    complete: bool = True
    started_at: datetime = field(default_factory=timezone.now)
    seconds: float = 0.0
    read_units: float = 0.0

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings of each kind."""
        numbers = Counter(finding.kind for finding in self.findings)
        return {kind: numbers[kind] for kind in KINDS}

    @property
    def parity_percent(self) -> float:
        """The share of all rows and orphans that is equal in all stores; pending is not equal.

        Cut to four digits, not rounded: it is 100 only if nothing at all differs.
        """
        counts = self.counts
        total = self.expected + sum(counts[kind] for kind in ORPHAN_KINDS)
        if self.in_sync == total:
            return 100.0
        return math.floor(self.in_sync / total * 1_000_000) / 10_000

    def sorted_findings(self) -> list[Finding]:
        """Return the findings, those of one row together."""
        return sorted(
            self.findings, key=lambda f: (f.model, f.object_id, KINDS.index(f.kind), f.key_text)
        )

    def add(self, part: Report) -> None:
        """Add the report of a part of the check."""
        self.expected += part.expected
        self.in_sync += part.in_sync
        self.pending += part.pending
        self.findings |= part.findings

    def add_examination(self, examination: Examination) -> None:
        """Add what examining one row came to."""
        if examination.pending:
            self.pending += 1
        elif examination.findings:
            self.findings.update(examination.findings)
        else:
            self.in_sync += 1

    def as_dict(self) -> dict[str, Any]:
        """Return the report for ``--json``."""
        return {
            "parity_percent": self.parity_percent,
            "expected": self.expected,
            "in_sync": self.in_sync,
            "pending": self.pending,
            "findings": [finding.as_dict() for finding in self.sorted_findings()],
            "counts": self.counts,
            "complete": self.complete,
            "started_at": self.started_at.isoformat(),
            "seconds": round(self.seconds, 3),
            "read_units": self.read_units,
        }


EVERYTHING = Scope()
