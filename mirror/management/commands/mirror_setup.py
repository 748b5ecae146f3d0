"""``manage.py mirror_setup``: create the table and the bucket."""

from argparse import ArgumentParser
from typing import Any

from mirror.management.base import MirrorCommand
from mirror.stores.clients import background_clients
from mirror.stores.provision import problems
from mirror.sync.backfill import provision_and_enqueue


class Command(MirrorCommand):
    """Parses, sets up or looks, prints."""

    help = (
        "Create the DynamoDB table (pk, sk, index gsi1, time to live on expiresAt, on demand) and "
        "the S3 bucket (private, encrypted), or complete what exists. Safe to repeat. "
        "Exit codes: 0 done, 1 --check found something wrong, 2 could not work."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; say what is missing or wrong"
        )

    def run(self, **options: Any) -> int:
        if not options["check"]:
            for sentence in provision_and_enqueue(background_clients()) or [
                "Everything is there already."
            ]:
                self.stdout.write(sentence)
        found = problems(background_clients())
        for sentence in found:
            self.stderr.write(sentence)
        if not found and options["check"]:
            self.stdout.write("Table and bucket are as they should be.")
        return 1 if found else 0
