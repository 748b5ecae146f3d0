"""``manage.py mirror_setup``: create the table and the bucket, if one is named."""

from argparse import ArgumentParser
from typing import Any

from mirror.checks.triggers import check_database
from mirror.conf import PRIMARY
from mirror.management.base import MirrorCommand
from mirror.stores.clients import background_clients
from mirror.stores.probe import cost_of_a_check, probe
from mirror.stores.provision import problems, remarks
from mirror.sync.backfill import provision_and_enqueue


class Command(MirrorCommand):
    """Parses, sets up or checks or probes, prints."""

    help = (
        "Create the DynamoDB table (pk, sk, index gsi1, time to live on expiresAt, on demand) and "
        "the S3 bucket (private, encrypted), if one is named, or add what an existing one lacks. "
        "Says, too, if the database lacks triggers or does not run them. "
        "Safe to repeat. Exit codes: 0 done, 1 something is missing or wrong, 2 could "
        "not work."
    )

    requires_system_checks = "__all__"

    def add_arguments(self, parser: ArgumentParser) -> None:
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument(
            "--check", action="store_true", help="change nothing; print what is missing or wrong"
        )
        instead.add_argument(
            "--probe",
            action="store_true",
            help="try every kind of call that the mirror makes, on keys of its own, and say what "
            "a check will cost",
        )

    def run(self, **options: Any) -> int:
        if options["probe"]:
            return self._probe()
        if not options["check"]:
            done = provision_and_enqueue(background_clients())
            for sentence in done or ["Everything exists already."]:
                self.stdout.write(sentence)
        remaining = [*problems(background_clients()), *_problems_of_triggers()]
        for sentence in remaining:
            self.stderr.write(sentence)
        if options["check"]:
            if not remaining:
                self.stdout.write("Everything is as it should be.")
            for sentence in remarks(background_clients()):
                self.stdout.write(sentence)
        return 1 if remaining else 0

    def _probe(self) -> int:
        failed = 0
        for answer in probe(background_clients()):
            if answer.problem:
                failed += 1
                self.stderr.write(f"NO   {answer.promise}: {answer.problem}.")
            else:
                self.stdout.write(f"yes  {answer.promise}.")
        if not failed:
            self.stdout.write("Rights and semantics are as the mirror needs them.")
        self.stdout.write(cost_of_a_check(background_clients()))
        return 1 if failed else 0


def _problems_of_triggers() -> list[str]:
    """Say what is wrong with the triggers, which migrations create."""
    found = check_database(None, databases=[PRIMARY])
    return [f"{one.msg} {one.hint}" for one in found if not one.is_silenced()]
