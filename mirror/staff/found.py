"""The differences that several runs of the check found, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mirror.models import CheckRun
from mirror.verify.findings import KINDS, MEANINGS

Identity = tuple[str, str, str, str]  # what tells a finding from all others


@dataclass
class Found:
    """One difference, and when it was found, the newest time first."""

    kind: str
    model: str
    object_id: str
    key: str
    attributes: list[str]
    times: list[datetime] = field(default_factory=list)

    @property
    def identity(self) -> Identity:
        """What tells it from all others."""
        return identity(vars(self))

    @property
    def meaning(self) -> str:
        """What its kind means."""
        return MEANINGS.get(self.kind, "")


def identity(finding: dict[str, Any]) -> Identity:
    """Return what tells a finding, as a run keeps it, from all others."""
    return finding["kind"], finding["model"], finding["object_id"], finding["key"]


def merged(runs: Iterable[CheckRun]) -> list[Found]:
    """Return what the runs found, and what they repaired, by kind and row."""
    found: dict[Identity, Found] = {}
    for run in runs:
        for values in (*run.findings, *run.repaired):
            one = found.setdefault(identity(values), Found(**values))
            if run.started_at not in one.times:
                one.times.append(run.started_at)
    order = {kind: number for number, kind in enumerate(KINDS)}
    return sorted(found.values(), key=lambda one: (order.get(one.kind, len(order)), one.identity))
