"""The history of checks, and the verdict: whether one may switch to the stores."""

from __future__ import annotations

from itertools import islice
from typing import Any

from mirror.models import CheckRun, LedgerEntry
from mirror.sync import alerts
from mirror.verify.findings import Findings
from mirror.verify.report import Report

KEPT_FINDINGS = 200  # of each run; mirror_check --json prints all


def record(report: Report, repaired: Findings | None = None) -> CheckRun:
    """Save what a check found and what is owed at the same time, and tell if somebody must act.

    ``repaired`` is what an earlier comparison of the same check found, and a repair was tried on.
    """
    repaired = Findings() if repaired is None else repaired
    backlog = LedgerEntry.objects.registered().backlog()
    wait = backlog.longest_wait
    run = CheckRun.objects.create(
        started_at=report.started_at,
        seconds=report.seconds,
        complete=report.complete,
        deep=report.deep,
        shares=report.segment.count if report.segment else 1,
        expected=report.expected,
        in_sync=report.in_sync,
        pending=report.pending,
        parked=backlog.parked,
        oldest_pending_seconds=wait.total_seconds() if wait else None,
        counts=report.counts,
        findings=_first(report.findings),
        repaired=_first(repaired),
        repaired_count=len(repaired),
        parity_percent=report.parity_percent,
        read_units=report.read_units,
        changes=report.changes and report.changes._asdict(),
    )
    alerts.tell_of_check(run)
    alerts.look()
    return run


def _first(findings: Findings) -> list[dict[str, Any]]:
    """Return those that are kept, as ``mirror_check --json`` prints them."""
    return [finding.as_dict() for finding in islice(findings, KEPT_FINDINGS)]
