"""``manage.py mirror_check``: prove that PostgreSQL, DynamoDB and S3 hold the same."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.template.loader import render_to_string
from tqdm import tqdm

from mirror.management.base import MirrorCommand
from mirror.stores.clients import background_clients
from mirror.sync import worker
from mirror.verify import history, repair
from mirror.verify.check import check, count_rows
from mirror.verify.report import Report, Scope

SHOWN = 50  # findings in the text output; --json and --html have them all


def percent(text: str) -> float:
    """Return a percentage above 0, up to 100."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 100:  # noqa: PLR2004 - percent
        raise ArgumentTypeError("takes a number above 0, up to 100")
    return value


class Command(MirrorCommand):
    """Parses, compares, prints."""

    help = (
        "Compare every row with its item and its objects, in both directions, every attribute. "
        "What is on its way is counted as pending, not as a difference. Each run is kept for the "
        "verdict on the validation period. "
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
            help="read every object in S3 instead of trusting the checksum that it lists",
        )
        parser.add_argument(
            "--sample",
            type=percent,
            default=100.0,
            metavar="PERCENT",
            help="compare only so many of the rows, the same ones each time",
        )
        parser.add_argument(
            "--repair",
            action="store_true",
            help="mirror again what differs, then check again; what is left over stays",
        )
        parser.add_argument(
            "--delete-orphans",
            action="store_true",
            help="with --repair: remove what is left over too (objects after their first hour)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="with --repair: only say what it would do"
        )
        parser.add_argument(
            "--history",
            action="store_true",
            help="compare nothing; print the validation period and the verdict",
        )

    def run(self, **options: Any) -> int:
        if not options["repair"] and (options["delete_orphans"] or options["dry_run"]):
            raise CommandError("--delete-orphans and --dry-run go with --repair.", returncode=2)
        if options["history"]:
            return self._print_history()
        scope = Scope(deep=options["deep"], sample=options["sample"])
        report = self._check(scope)
        unrepaired = False
        if options["repair"] and report.findings:
            report, unrepaired = self._repair(report, scope, **options)
        history.record(report)
        if options["html"]:
            self._write_page(options["html"], report)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2))
        else:
            self._print(report)
        return 1 if report.findings or unrepaired else 0

    def _check(self, scope: Scope) -> Report:
        total = round(count_rows() * scope.sample / 100)
        with tqdm(total=total, unit=" objects", disable=self.quiet) as bar:
            return check(background_clients(), scope, bar.update)

    def _repair(self, report: Report, scope: Scope, **options: Any) -> tuple[Report, bool]:
        """Mark what differs, drain, and check again; with ``dry_run`` only say so.

        Returns the new report, and whether a repair has not worked: what is pending since then
        is no difference any more, and not equal either.
        """
        stores = background_clients()
        plan = repair.plan(report.findings, stores, delete_orphans=options["delete_orphans"])
        for verb, findings in (("repaired", plan.repaired), ("left", plan.left)):
            would = "would be" if options["dry_run"] else "is"
            for finding in findings:
                self.stderr.write(f"{finding.kind} {finding.key_text} {would} {verb}.")
        if options["dry_run"] or not plan.repaired:
            return report, False
        repair.mark_dirty(plan.repaired, stores)
        worker.drain()
        report = self._check(scope)
        unrepaired = repair.still_owed(plan.repaired)
        if unrepaired:
            self.stderr.write("Not everything could be repaired: it stays owed to the mirror.")
        return report, unrepaired

    def _write_page(self, path: Path, report: Report) -> None:
        context = {"report": report, "verdict": history.verdict()}
        try:
            path.write_text(render_to_string("mirror/report.html", context), encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"{path} cannot be written: {error.strerror}.", returncode=2
            ) from None

    def _print(self, report: Report) -> None:
        sample = "" if report.complete else " (a sample)"
        self.stdout.write(
            f"{report.parity_percent:.10g} % in sync: {report.in_sync} of {report.expected} "
            f"objects{sample}, {report.pending} pending, {len(report.findings)} differences."
        )
        for finding in report.sorted_findings()[:SHOWN]:
            attributes = f" ({', '.join(finding.attributes)})" if finding.attributes else ""
            what = f"{finding.model} {finding.object_id} {finding.key_text}{attributes}"
            self.stdout.write(f"  {finding.kind:20} {what}")
        if len(report.findings) > SHOWN:
            self.stdout.write(f"  … and {len(report.findings) - SHOWN} more; --json has them all.")

    def _print_history(self) -> int:
        verdict = history.verdict()
        self.stdout.write("day         last check  pending  state")
        for day in verdict.days:
            parity = f"{float(day.last.parity_percent):g} %" if day.last else "–"
            pending = day.last.pending if day.last else "–"
            self.stdout.write(f"{day.date}  {parity:>10}  {pending:>7}  {day.state}")
        self.stdout.write("Ready to switch." if verdict.ready else "Not ready to switch:")
        for sentence in verdict.lacking:
            self.stdout.write(f"  {sentence}")
        return 0 if verdict.ready else 1
