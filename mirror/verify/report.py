"""What a check looks at, and what it found."""

from __future__ import annotations

import math
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from mirror.verify.findings import KINDS, OBJECT_ORPHANED, ORPHANED, Finding


@dataclass(frozen=True)
class Scope:
    """How much a check looks at."""

    deep: bool = False  # read every object, whatever checksum S3 lists
    sample: float = 100.0  # percent of the rows, the same ones each time

    @property
    def complete(self) -> bool:
        """Whether everything is compared."""
        return self.sample >= 100  # noqa: PLR2004 - percent

    def has(self, object_id: str) -> bool:
        """Whether the object is in the sample."""
        return self.complete or zlib.crc32(object_id.encode()) % 10_000 < self.sample * 100


@dataclass
class Report:
    """What a check found."""

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
        found = Counter(finding.kind for finding in self.findings)
        return {kind: found[kind] for kind in KINDS}

    @property
    def parity_percent(self) -> float:
        """How much of all that exists anywhere is equal; 100 only if nothing at all differs.

        Cut, not rounded, to four digits. What is pending is not equal yet.
        """
        left_over = self.counts[ORPHANED] + self.counts[OBJECT_ORPHANED]
        total = self.expected + left_over
        if self.in_sync == total:
            return 100.0
        return math.floor(self.in_sync / total * 1_000_000) / 10_000

    def sorted_findings(self) -> list[Finding]:
        """Return the findings, those of one object together."""
        return sorted(
            self.findings, key=lambda f: (f.model, f.object_id, KINDS.index(f.kind), f.key_text)
        )

    def add(self, part: Report) -> None:
        """Take in what a part of the check found."""
        self.expected += part.expected
        self.in_sync += part.in_sync
        self.pending += part.pending
        self.findings |= part.findings

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
