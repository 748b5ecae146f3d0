"""``manage.py mirror_check``: compare PostgreSQL with DynamoDB and S3."""

import signal
from argparse import SUPPRESS, ArgumentParser
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.template.defaultfilters import pluralize
from django.template.loader import render_to_string
from tqdm import tqdm

from mirror import formats, triggers_in_database
from mirror.batching import batched
from mirror.conf import setting
from mirror.documents.registry import documents
from mirror.formats import moment, number, percent, printable
from mirror.management.arguments import minutes, segment, share, whole
from mirror.management.base import MirrorCommand
from mirror.models import (
    MOST_PENDING,
    Backlog,
    Heartbeat,
    LedgerEntry,
    SharedCheck,
    ShareLost,
)
from mirror.processes import worth
from mirror.stores.clients import reading_clients
from mirror.sync import worker
from mirror.verify import history, repair, requested
from mirror.verify.check import check_in_processes, count_rows
from mirror.verify.findings import ORPHAN_KINDS, Finding, Findings, by_kind
from mirror.verify.report import Report, Scope, Segment
from mirror.verify.shares import check_share
from mirror.verify.steps import LOST_DOCUMENT
from mirror.verify.verdict import current_verdict

MAX_SHOWN = 50  # findings in the text output; --json has them all
MAX_ON_PAGE = 1000  # findings on the page that --html writes
REPAIRED_AT_ONCE = 1000  # findings


def _done(finding: Finding) -> str:
    """Return what a repair does about it. Whether that was enough is for the next check to say."""
    return "removed" if finding.kind in ORPHAN_KINDS else "mirrored again"


def place_of(finding: Finding) -> str:
    """Return the row and the key of a finding, each once, as far as there are any."""
    # An item that names no row has no model, and its key for an id.
    is_of_row = finding.kind not in ORPHAN_KINDS
    row = printable(finding.object_id) if is_of_row else finding.object_id
    names = dict.fromkeys((finding.model, row, finding.key_text.strip()))
    return " ".join(filter(None, names))


class Command(MirrorCommand):
    """Parses, compares, prints."""

    help = (
        "Compare every row with its item and its objects, in both directions and in every "
        "attribute. Changes on their way count as pending, not as differences. Each run is saved "
        "for the verdict on the validation period. "
        "Exit codes: 0 nothing differs (with --history: ready to switch), 1 something differs "
        "(not ready), 2 could not check."
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
            "--segment",
            type=segment,
            metavar="K/N",
            help="do the K-th of N shares of one check, each on a machine of its own: 1/4, 2/4, "
            "3/4 and 4/4, at the same time or one after the other. Whoever ends last joins and "
            "saves the check, and its exit code is that of the whole; the others exit with what "
            "their own share came to. A share that failed is begun anew with the same K/N. A "
            "check that is not complete after 12 hours is given up",
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
            help="exit with 1 if a change is pending for longer (default: %(default)g)",
        )
        parser.add_argument("--request", type=UUID, help=SUPPRESS)  # from the worker
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
            return self._history(**options)
        if not documents():
            raise CommandError(
                "No model has a document, so there is nothing to compare: does INSTALLED_APPS name "
                "the app that has the documents.py?",
                returncode=2,
            )
        if options["request"]:
            return self._carry_out(options["request"])
        scope = Scope(deep=options["deep"], sample=options["sample"])
        if options["segment"]:
            return self._report(self._check_share(scope, **options), **options)
        report = self._check(scope, options["processes"])
        enqueued, unrepaired = Findings(), False
        if options["repair"] and report.findings:
            enqueued = self._repair(report, **options)
        if enqueued:
            report = self._check(scope, options["processes"])
            unrepaired = self._tell_of_repair(enqueued)
        history.record(report, enqueued)
        return self._report(report, **options) or int(unrepaired)

    def switched_off(self, **options: Any) -> int:
        """Print the history all the same: the verdict says that the mirror is switched off."""
        return self._history(**options) if options["history"] else super().switched_off(**options)

    def _history(self, **options: Any) -> int:
        """Print the history, but refuse the options of a comparison."""
        for name in ("json", "html", "deep", "segment", "repair"):
            if options[name]:
                raise CommandError(
                    f"--history compares nothing, and prints text: leave --{name} out.",
                    returncode=2,
                )
        return self._print_history()

    def _report(self, report: Report, **options: Any) -> int:
        """Print what a check found, and return the exit code."""
        backlog = LedgerEntry.objects.registered().backlog()
        if options["html"] and not report.waiting_for:
            self._write_page(options["html"], report)
        if options["json"]:
            for piece in report.as_json(Heartbeat.objects.workers()):
                self.stdout.write(piece, ending="")
        else:
            self._print(report)
            if backlog.pending:
                pending = number(backlog.pending)
                self.stdout.write(f"Changes pending now, deletions included: {pending}.")
            self.stdout.write(str(Heartbeat.objects.workers()))
        self._warn_of_parked(backlog)
        self._warn_of_undocumented()
        self._warn_of_triggers()
        too_old = self._warn_of_old(backlog, options["max_pending_age"])
        return 1 if report.findings or too_old else 0

    def _warn_of_parked(self, backlog: Backlog) -> None:
        """Say so if rows are parked. One of them may be equal, so that it differs in nothing."""
        if backlog.parked:
            self.stderr.write(
                f"{number(backlog.parked)} {pluralize(backlog.parked, 'row is,rows are')} parked: "
                "given up until somebody acts or the row changes. The dashboard says why."
            )

    def _warn_of_undocumented(self) -> None:
        """Say so if the mirror holds rows of a model that nobody compares any more."""
        if models := LedgerEntry.objects.models_without_document():
            self.stderr.write(
                f"Not compared: {', '.join(models)}. The ledger knows rows of "
                f"{pluralize(len(models), 'this model,these models')}, but no document does. "
                f"{LOST_DOCUMENT}"
            )

    def _warn_of_triggers(self) -> None:
        """Say so if changes may not be captured: rows that are equal now may differ tomorrow."""
        for problem in triggers_in_database.problems():
            self.stderr.write(f"{problem} {problem.hint}")

    def _warn_of_old(self, backlog: Backlog, minutes: float) -> bool:
        """Say so if changes are pending for longer than ``minutes``: the worker may be dead."""
        if not backlog.longest_wait or backlog.longest_wait < timedelta(minutes=minutes):
            return False
        self.stderr.write(
            f"Changes are pending: {number(backlog.pending)}, the oldest for more than "
            f"{minutes:g} minutes. Does the worker run?"
        )
        return True

    def _check(self, scope: Scope, processes: int | None) -> Report:
        rows = round(count_rows() * scope.sample / 100)
        total = 2 * rows if scope.complete else rows  # with their items
        with self._progress(total) as bar:
            return check_in_processes(processes or worth(rows), scope, bar.update)

    def _check_share(self, scope: Scope, **options: Any) -> Report:
        if options["repair"]:
            raise CommandError(
                "--segment does not repair: one machine would repair what others still compare. "
                "Run mirror_check --repair once the check is complete.",
                returncode=2,
            )
        if not scope.complete:
            raise CommandError("--segment compares everything: leave --sample out.", returncode=2)
        number, count = options["segment"]
        rows = count_rows() // count
        with self._progress(2 * rows) as bar:
            try:
                return check_share(
                    number, count, scope, options["processes"] or worth(rows), bar.update
                )
            except ShareLost:
                raise CommandError(
                    f"Segment {number} of {count} was begun anew by another process, or its check "
                    "was open for too long. What this process found counts no more.",
                    returncode=2,
                ) from None

    def _progress(self, total: int) -> Any:
        return tqdm(total=total, unit=" rows and items", disable=self.quiet)

    def _carry_out(self, token: UUID) -> int:
        """Do what somebody asked for on the pages."""
        try:
            report = requested.carry_out(token)
        except requested.RequestLost:
            raise CommandError(
                "The worker that started this check is gone, or another has taken it over.",
                returncode=2,
            ) from None
        self._print(report)
        return 1 if report.findings else 0

    def _repair(self, report: Report, **options: Any) -> Findings:
        """Enqueue what differs, and drain; with ``dry_run`` only print the plan.

        Returns the findings that were enqueued.
        """
        stores, enqueued = reading_clients(), Findings()
        auxiliary = "would be" if options["dry_run"] else "is"
        # Only orphans are left; without --delete-orphans the end of the report says why.
        why = ": it is younger than an hour" if options["delete_orphans"] else ""
        for portion in batched(report.findings, REPAIRED_AT_ONCE):
            plan = repair.plan(portion, stores, delete_orphans=options["delete_orphans"])
            for finding in plan.left:
                self._tell(finding, f"{auxiliary} left{why}")
            if options["dry_run"]:
                for finding in plan.repaired:
                    self._tell(finding, f"{auxiliary} {_done(finding)}")
                continue
            refused = repair.mark_dirty(plan.repaired, stores)
            for finding in plan.repaired:
                if finding in refused:
                    self._tell(finding, "is left: the ledger cannot hold its name or its revision")
                else:
                    enqueued.add(finding)
        if enqueued:
            worker.drain()
        return enqueued

    def _tell(self, finding: Finding, fate: str) -> None:
        """Say what becomes of a finding."""
        # What is missing may have no key yet.
        name = finding.key_text.strip() or place_of(finding)
        self.stderr.write(f"{finding.kind} {name} {fate}.")

    def _tell_of_repair(self, enqueued: Findings) -> bool:
        """Say what became of what was enqueued; true if some of it is still owed.

        What is pending is no finding of the comparison afterwards.
        """
        left = 0
        for portion in batched(enqueued, REPAIRED_AT_ONCE):
            owed = repair.still_owed(portion)
            for finding in portion:
                why = owed.get((finding.model, finding.object_id))
                left += why is not None
                self._tell(finding, f"is not repaired: {why}" if why else f"is {_done(finding)}")
        if left:
            stay = f"{number(left)} of {number(len(enqueued))} differences stay"
            self.stderr.write(f"Not everything could be repaired: {stay}.")
        return left > 0

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
        if report.segment and report.waiting_for:
            self._print_share(report, report.segment)
        else:
            sample = "" if report.complete else " (a sample)"
            self.stdout.write(f"{report.figures}{sample}.")
            if not report.figures.conclusive:
                self.stdout.write(
                    f"More than {MOST_PENDING} % of the rows are pending, "
                    "and so not compared. The verdict does not count this check. Check again once "
                    "they are mirrored."
                )
        if kinds := by_kind(report.counts):
            self.stdout.write(f"Found: {kinds}.")
        shown = list(report.findings.some_of_each_kind(MAX_SHOWN))
        owed = repair.still_owed(shown)
        for finding in shown:
            attributes = f" ({', '.join(finding.attributes)})" if finding.attributes else ""
            why = owed.get((finding.model, finding.object_id))
            beside = f"{attributes}: {why}" if why else attributes
            self.stdout.write(f"  {finding.kind:20} {place_of(finding)}{beside}")
        if len(report.findings) > MAX_SHOWN:
            self.stdout.write(
                f"  … and {number(len(report.findings) - MAX_SHOWN)} more; --json has them all."
            )
        if any(report.counts[kind] for kind in ORPHAN_KINDS):
            self.stdout.write(
                "An orphan may be all that is left of a row. If rows were lost, bring them back "
                "first: manage.py mirror_restore --dry-run. Then manage.py mirror_check --repair "
                "--delete-orphans removes the orphans."
            )

    def _print_share(self, report: Report, segment: Segment) -> None:
        found = len(report.findings)
        self.stdout.write(
            f"Segment {segment.number} of {segment.count} is done: {number(report.expected)} "
            f"{pluralize(report.expected, 'row,rows')}, {number(found)} "
            f"{pluralize(found, 'finding,findings')} so far. No verdict yet: waiting for the "
            f"others: {', '.join(map(str, report.waiting_for))}."
        )

    def _print_history(self) -> int:
        verdict = current_verdict()
        self.stdout.write(
            "day          in sync, last check  differing, at worst  pending then  result"
        )
        for day in verdict.days:
            parity = percent(day.last.parity_percent) if day.last else "–"
            pending = number(day.last.pending) if day.last else "–"
            worst = percent(day.worst_mismatch_percent) if day.last else "–"
            self.stdout.write(
                f"{formats.day(day.date):11}  {parity:>19}  {worst:>19}  {pending:>12}  "
                f"{day.sign} {day.state}"
            )
        for check in SharedCheck.objects.filter(closed=False):
            missing = ", ".join(map(str, check.missing()))
            self.stdout.write(
                f"A check of {check.shares} segments, begun {moment(check.opened_at)}, waits for "
                f"{missing}."
            )
        self.stdout.write("Ready to switch." if verdict.ready else "Not ready to switch:")
        for condition in verdict.conditions:
            self.stdout.write(f"  {'✓' if condition.met else '✕'} {condition.sentence}")
            if condition.step:
                self.stdout.write(f"      {condition.step.text} {condition.step.command}".rstrip())
                self.stdout.write(f"      ({condition.step.where})")
        if not verdict.ready:
            soonest = (
                "today"
                if verdict.can_be_today
                else f"on {formats.day(verdict.earliest)} at the earliest"
            )
            self.stdout.write(f"Possible {soonest}.")
        return 0 if verdict.ready else 1
