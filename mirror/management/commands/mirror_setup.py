"""``manage.py mirror_setup``: create the table and the bucket."""

from argparse import ArgumentParser
from typing import Any

from mirror.management.base import MirrorCommand
from mirror.stores.clients import background_clients
from mirror.stores.provision import problems, remarks
from mirror.sync.backfill import provision_and_enqueue


class Command(MirrorCommand):
    """Parses, sets up or checks, prints."""

    help = (
        "Create the DynamoDB table (pk, sk, index gsi1, time to live on expiresAt, on demand) and "
        "the S3 bucket (private, encrypted), or add what an existing one lacks. Safe to repeat. "
        "Exit codes: 0 done, 1 --check found something wrong, 2 could not work."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; print what is missing or wrong"
        )

    def run(self, **options: Any) -> int:
        if not options["check"]:
            done = provision_and_enqueue(background_clients())
            for sentence in done or ["Everything exists already."]:
                self.stdout.write(sentence)
        remaining = problems(background_clients())
        for sentence in remaining:
            self.stderr.write(sentence)
        if options["check"]:
            if not remaining:
                self.stdout.write("Table and bucket are as they should be.")
            for sentence in remarks(background_clients()):
                self.stdout.write(sentence)
        return 1 if remaining else 0
