"""The history of checks, and the verdict: whether one may switch to the stores."""

from __future__ import annotations

from itertools import islice

from mirror.models import CheckRun, LedgerEntry
from mirror.sync import alerts
from mirror.verify.report import Report

KEPT_FINDINGS = 200  # of each run; mirror_check --json prints all


def record(report: Report) -> CheckRun:
    """Save what a check found and what is owed at the same time, and tell if somebody must act."""
    backlog = LedgerEntry.objects.registered().backlog()
    wait = backlog.longest_wait
    findings = islice(report.findings, KEPT_FINDINGS)
    run = CheckRun.objects.create(
        started_at=report.started_at,
        seconds=report.seconds,
        complete=report.complete,
        deep=report.deep,
        expected=report.expected,
        in_sync=report.in_sync,
        pending=report.pending,
        parked=backlog.parked,
        oldest_pending_seconds=wait.total_seconds() if wait else None,
        counts=report.counts,
        findings=[finding.as_dict() for finding in findings],
        parity_percent=report.parity_percent,
        read_units=report.read_units,
        changes=report.changes and report.changes._asdict(),
    )
    alerts.tell_of_check(run)
    alerts.look()
    return run
