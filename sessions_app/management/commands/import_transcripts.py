"""``manage.py import_transcripts``: transcript files become sessions."""

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
A_FEW = 5  # files: read and written sooner than a progress bar is noticed

EPILOG = """\
A transcript is the JSON that Amazon Transcribe writes, WebVTT, SRT, or plain text
with a line for each turn; in UTF-8, at most 10 MB:

  MATT: You come to a door. What do you do?
  LAURA: I listen at it.

A line without a name goes on with the turn before it. The session is named after
the file: "03_the-dry-vault.txt" becomes "03 the dry vault".

Example:

  manage.py import_transcripts --owner gm --campaign "The Drowned Ledger" logs/*.txt

All files are checked before anything is written. If one cannot be imported, the
command says why, changes nothing and ends with exit code 1. It can be repeated:
a file is skipped if the campaign has a session of its name with the same transcript.
"""


class HelpFormatter(argparse.RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """Keeps the lines of the examples."""


class Command(BaseCommand):
    """Parses, calls ``sessions_app.importing``, prints."""

    help = "Import transcript files, one session per file."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add the examples to ``--help``."""
        return super().create_parser(
            prog_name, subcommand, epilog=EPILOG, formatter_class=HelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command line."""
        parser.add_argument("--owner", required=True, metavar="USER", help="a game master's login")
        parser.add_argument(
            "--campaign",
            required=True,
            metavar="NAME",
            help="the game master's campaign; created if there is none of exactly this name",
        )
        parser.add_argument("files", nargs="+", metavar="FILE", help="a transcript")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the files. Raises ``CommandError`` for everything that prevents it."""
        paths: list[str] = options["files"]
        quiet = options["verbosity"] == 0
        try:
            owner = importing.find_owner(options["owner"])
            files = importing.read_files(self.progress(paths, "Reading", quiet=quiet))
            done = importing.store(
                owner, options["campaign"], self.progress(files, "Writing", quiet=quiet)
            )
        except importing.ImportRefused as error:
            raise CommandError(f"{error} Nothing was changed.") from None
        except DatabaseError as error:
            # PostgreSQL's message can quote the row, so only its class is told.
            raise CommandError(
                f"The database refused the import ({type(error).__name__}). Nothing was changed."
            ) from None
        except KeyboardInterrupt:
            # It can come just after the commit, so "nothing was changed" would be a guess.
            raise CommandError(
                "Stopped: all of the files were imported, or none. Repeating the command is safe.",
                returncode=130,
            ) from None
        if not quiet:
            self.report(done)

    def progress(self, items: Sequence[T], what: str, *, quiet: bool) -> "Sequence[T] | tqdm[T]":
        """Show a bar while ``items`` are gone through: on a terminal, for more than a few."""
        if quiet or len(items) <= A_FEW:
            return items
        return tqdm(items, desc=what, unit="file", leave=False, disable=None)

    def report(self, done: importing.Imported) -> None:
        """Print what was skipped, and the summary."""
        if done.campaign_created:
            self.stdout.write(f'Created the campaign "{done.campaign.name}".')
        for path in done.already_there:
            self.stdout.write(f"Skipped {path}: the campaign has this session, transcript and all.")
        for path in done.namesakes:
            self.stdout.write(
                f"{path} makes a second session of its name: the other has another transcript."
            )
        sessions = "session" if len(done.sessions) == 1 else "sessions"
        summary = (
            f"{len(done.sessions)} {sessions} imported ({done.words:,} words), "
            f"{len(done.already_there)} skipped."
        )
        self.stdout.write(self.style.SUCCESS(summary))
