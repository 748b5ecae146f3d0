"""``manage.py mirror_check``: prove that PostgreSQL, DynamoDB and S3 hold the same."""

import json
from argparse import ArgumentParser
from typing import Any

from tqdm import tqdm

from mirror import drain, repair
from mirror.management.base import MirrorCommand
from mirror.parity import Report, check, count_rows
from mirror.sinks import patient_sinks

SHOWN = 50  # findings in the text output; --json has them all


class Command(MirrorCommand):
    """Parses, compares, prints."""

    help = (
        "Compare every row with its item and its objects, in both directions, every attribute. "
        "Exit codes: 0 equal, 1 something differs, 2 could not check. "
        "What is on its way is counted as pending, not as a difference."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object with every finding"
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

    def run(self, **options: Any) -> int:
        report = self._check()
        if options["repair"] and report.findings:
            report = self._repair(report, **options)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2))
        else:
            self._print(report)
        return 1 if report.findings else 0

    def _check(self) -> Report:
        with tqdm(total=count_rows(), unit=" objects", disable=self.quiet) as bar:
            return check(patient_sinks(), bar.update)

    def _repair(self, report: Report, **options: Any) -> Report:
        """Mark what differs, drain, and check again; with ``dry_run`` only say so."""
        sinks = patient_sinks()
        plan = repair.plan(report.findings, sinks, delete_orphans=options["delete_orphans"])
        for verb, findings in (("repaired", plan.repaired), ("left", plan.left)):
            would = "would be" if options["dry_run"] else "is"
            for finding in findings:
                self.stderr.write(f"{finding.kind} {finding.key_text} {would} {verb}.")
        if options["dry_run"] or not plan.repaired:
            return report
        repair.mark(plan.repaired, sinks)
        drain.sync()
        return self._check()

    def _print(self, report: Report) -> None:
        self.stdout.write(
            f"{report.parity_percent:g} % in sync: {report.in_sync} of {report.expected} objects, "
            f"{report.pending} pending, {len(report.findings)} differences."
        )
        for finding in report.sorted_findings()[:SHOWN]:
            attributes = f" ({', '.join(finding.attributes)})" if finding.attributes else ""
            what = f"{finding.model} {finding.object_id} {finding.key_text}{attributes}"
            self.stdout.write(f"  {finding.kind:20} {what}")
        if len(report.findings) > SHOWN:
            self.stdout.write(f"  … and {len(report.findings) - SHOWN} more; --json has them all.")
