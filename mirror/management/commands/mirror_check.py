"""``manage.py mirror_check``: compare PostgreSQL with DynamoDB and S3."""

import signal
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import pluralize
from django.template.loader import render_to_string
from tqdm import tqdm

from mirror.batching import batched
from mirror.conf import setting
from mirror.management.base import MirrorCommand, whole
from mirror.models import LedgerEntry
from mirror.models.check_runs import percent
from mirror.processes import worth
from mirror.stores.clients import reading_clients
from mirror.sync import worker
from mirror.verify import history, repair
from mirror.verify.check import check_in_processes, count_rows
from mirror.verify.findings import Findings
from mirror.verify.report import Report, Scope
from mirror.verify.verdict import current_verdict

MAX_SHOWN = 50  # findings in the text output; --json has them all
MAX_ON_PAGE = 1000  # findings on the page that --html writes
REPAIRED_AT_ONCE = 1000  # findings


def share(text: str) -> float:
    """Parse a percentage above 0, up to 100."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 100:  # noqa: PLR2004 - percent
        raise ArgumentTypeError("takes a number above 0, up to 100")
    return value


def minutes(text: str) -> float:
    """Return a number of minutes, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < float("inf"):
        raise ArgumentTypeError("takes a number of minutes, 0 or more")
    return value


class Command(MirrorCommand):
    """Parses, compares, prints."""

    help = (
        "Compare every row with its item and its objects, in both directions and in every "
        "attribute. Changes on their way count as pending, not as differences. Each run is saved "
        "for the verdict on the validation period. "
        "Exit codes: 0 equal (with --history: ready to switch), 1 something differs (not ready), "
        "2 could not check."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--html", type=Path, metavar="FILE", help="write a page to send to somebody"
        )
        parser.add_argument(
            "--deep",
            action="store_true",
            help="read every object instead of trusting the checksums that S3 lists",
        )
        parser.add_argument(
            "--sample",
            type=share,
            default=100.0,
            metavar="PERCENT",
            help="compare only this share of the rows, the same rows each time",
        )
        parser.add_argument(
            "--processes",
            type=whole,
            metavar="N",
            help="share the work among N processes (default: one a core for many rows)",
        )
        parser.add_argument(
            "--repair",
            action="store_true",
            help="mirror again what differs, then check again; orphans are left alone",
        )
        parser.add_argument(
            "--delete-orphans",
            action="store_true",
            help="with --repair: remove orphans, too (objects after their first hour)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="with --repair: only print what it would do"
        )
        parser.add_argument(
            "--max-pending-age",
            type=minutes,
            default=float(setting("MAX_PENDING_MINUTES")),
            metavar="MINUTES",
            help="exit with 1 if a row is pending for longer (default: %(default)g)",
        )
        parser.add_argument(
            "--history",
            action="store_true",
            help="compare nothing; print the validation period and the verdict",
        )

    def run(self, **options: Any) -> int:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # temporary files are removed
        if not options["repair"] and (options["delete_orphans"] or options["dry_run"]):
            raise CommandError("--delete-orphans and --dry-run go with --repair.", returncode=2)
        if options["history"]:
            return self._print_history()
        scope = Scope(deep=options["deep"], sample=options["sample"])
        report = self._check(scope, options["processes"])
        unrepaired = False
        if options["repair"] and report.findings:
            report, unrepaired = self._repair(report, scope, **options)
        history.record(report)
        if options["html"]:
            self._write_page(options["html"], report)
        if options["json"]:
            for piece in report.as_json():
                self.stdout.write(piece, ending="")
        else:
            self._print(report)
        too_old = self._warn_of_old_backlog(options["max_pending_age"])
        return 1 if report.findings or unrepaired or too_old else 0

    def _warn_of_old_backlog(self, minutes: float) -> bool:
        """Say so if rows are pending for longer than ``minutes``: the worker may be dead."""
        backlog = LedgerEntry.objects.registered().backlog()
        if not backlog.longest_wait or backlog.longest_wait < timedelta(minutes=minutes):
            return False
        self.stderr.write(
            f"{backlog.pending} {pluralize(backlog.pending, 'row is,rows are')} pending, the "
            f"oldest for more than {minutes:g} minutes: does the worker run?"
        )
        return True

    def _check(self, scope: Scope, processes: int | None) -> Report:
        rows = round(count_rows() * scope.sample / 100)
        total = 2 * rows if scope.complete else rows  # with their items
        with tqdm(total=total, unit=" rows and items", disable=self.quiet) as bar:
            return check_in_processes(processes or worth(rows), scope, bar.update)

    def _repair(self, report: Report, scope: Scope, **options: Any) -> tuple[Report, bool]:
        """Enqueue what differs, drain, and check again; with ``dry_run`` only print the plan.

        Returns the new report, and whether a repair has failed. The report does not tell: a row
        that is still pending is not a finding.
        """
        stores, repaired = reading_clients(), Findings()
        auxiliary = "would be" if options["dry_run"] else "is"
        for portion in batched(report.findings, REPAIRED_AT_ONCE):
            plan = repair.plan(portion, stores, delete_orphans=options["delete_orphans"])
            for verb, findings in (("repaired", plan.repaired), ("left", plan.left)):
                for finding in findings:
                    self.stderr.write(f"{finding.kind} {finding.key_text} {auxiliary} {verb}.")
            if not options["dry_run"]:
                repair.mark_dirty(plan.repaired, stores)
                repaired.extend(plan.repaired)
        if not repaired:
            return report, False
        worker.drain()
        report = self._check(scope, options["processes"])
        unrepaired = any(
            repair.still_owed(portion) for portion in batched(repaired, REPAIRED_AT_ONCE)
        )
        if unrepaired:
            self.stderr.write("Not everything could be repaired; some rows are still owed.")
        return report, unrepaired

    def _write_page(self, path: Path, report: Report) -> None:
        context = {
            "report": report,
            "findings": list(islice(report.findings, MAX_ON_PAGE)),
            "verdict": current_verdict(),
        }
        try:
            path.write_text(render_to_string("mirror/report.html", context), encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"{path} cannot be written: {error.strerror}.", returncode=2
            ) from None

    def _print(self, report: Report) -> None:
        sample = "" if report.complete else " (a sample)"
        self.stdout.write(f"{report.figures}{sample}.")
        for finding in islice(report.findings, MAX_SHOWN):
            attributes = f" ({', '.join(finding.attributes)})" if finding.attributes else ""
            place = f"{finding.model} {finding.object_id} {finding.key_text}"
            self.stdout.write(f"  {finding.kind:20} {place}{attributes}")
        if len(report.findings) > MAX_SHOWN:
            self.stdout.write(
                f"  … and {len(report.findings) - MAX_SHOWN} more; --json has them all."
            )

    def _print_history(self) -> int:
        verdict = current_verdict()
        self.stdout.write("day         last check  pending  state")
        for day in verdict.days:
            parity = percent(day.last.parity_percent) if day.last else "–"
            pending = day.last.pending if day.last else "–"
            self.stdout.write(f"{day.date}  {parity:>10}  {pending:>7}  {day.state}")
        self.stdout.write("Ready to switch." if verdict.ready else "Not ready to switch:")
        for sentence in verdict.lacking:
            self.stdout.write(f"  {sentence}")
        return 0 if verdict.ready else 1
