"""``manage.py import_transcripts``: imports transcript files as sessions."""

import argparse
from collections.abc import Sequence
from typing import Any, TypeVar

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    DjangoHelpFormatter,
)
from django.db import DatabaseError
from tqdm import tqdm

from sessions_app import importing

T = TypeVar("T")
MAX_WITHOUT_PROGRESS = 5  # files; done before anybody would notice a progress bar

EPILOG = """\
A transcript is the JSON that Amazon Transcribe writes, WebVTT, SRT, or plain text
with a line for each turn; in UTF-8, at most 10 MB:

  MATT: You come to a door. What do you do?
  LAURA: I listen at it.

A line without a name continues the turn before it. The session is named after
the file: "03_the-dry-vault.txt" becomes "03 the dry vault".

Example:

  manage.py import_transcripts --owner gm --campaign "The Drowned Ledger" logs/*.txt

All files are checked before anything is written. If one cannot be imported, the
command says why, changes nothing and ends with exit code 1. Repeating it is safe:
a file is skipped if the campaign has a session of its name with the same transcript.
"""


class HelpFormatter(argparse.RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """Keeps the line breaks of the epilog."""


class Command(BaseCommand):
    """Parses the arguments, calls ``sessions_app.importing`` and prints the result."""

    help = "Import transcript files, one session per file."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add the examples to ``--help``."""
        return super().create_parser(
            prog_name, subcommand, epilog=EPILOG, formatter_class=HelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument(
            "--owner", required=True, metavar="USER", help="the game master's username"
        )
        parser.add_argument(
            "--campaign",
            required=True,
            metavar="NAME",
            help="the game master's campaign; created if there is none with exactly this name",
        )
        parser.add_argument("files", nargs="+", metavar="FILE", help="a transcript")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the files. Raises ``CommandError`` if that fails or is interrupted."""
        paths: list[str] = options["files"]
        quiet = options["verbosity"] == 0
        try:
            owner = importing.find_owner(options["owner"])
            files = importing.read_files(self.progress(paths, "Reading", quiet=quiet))
            result = importing.store(
                owner, options["campaign"], self.progress(files, "Writing", quiet=quiet)
            )
        except importing.ImportRefused as error:
            raise CommandError(f"{error} Nothing was changed.") from None
        except DatabaseError as error:
            # PostgreSQL's message can quote the row, so only the class is printed.
            raise CommandError(
                f"The database refused the import ({type(error).__name__}). Nothing was changed."
            ) from None
        except KeyboardInterrupt:
            # The interrupt may come after the commit, so the outcome is not known.
            raise CommandError(
                "Stopped: all of the files were imported, or none. Repeating the command is safe.",
                returncode=130,
            ) from None
        if not quiet:
            self.report(result)

    def progress(
        self, items: Sequence[T], description: str, *, quiet: bool
    ) -> "Sequence[T] | tqdm[T]":
        """Show a progress bar while ``items`` are iterated, for many items on a terminal."""
        if quiet or len(items) <= MAX_WITHOUT_PROGRESS:
            return items
        return tqdm(items, desc=description, unit="file", leave=False, disable=None)

    def report(self, result: importing.ImportResult) -> None:
        """Print the files that were skipped or have a namesake, and a summary."""
        if result.campaign_created:
            self.stdout.write(f'Created the campaign "{result.campaign.name}".')
        for path in result.skipped:
            self.stdout.write(f"Skipped {path}: the campaign has a session with this transcript.")
        for path in result.namesakes:
            self.stdout.write(
                f"{path} becomes a second session of the same name: its transcript is different."
            )
        sessions = "session" if len(result.sessions) == 1 else "sessions"
        summary = (
            f"{len(result.sessions)} {sessions} imported ({result.words:,} words), "
            f"{len(result.skipped)} skipped."
        )
        self.stdout.write(self.style.SUCCESS(summary))
