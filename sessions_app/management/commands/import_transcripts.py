"""``manage.py import_transcripts``: imports transcripts, exported sessions and archives."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    DjangoHelpFormatter,
)
from django.db import DatabaseError, transaction
from tqdm import tqdm

from sessions_app import importing

MAX_WITHOUT_PROGRESS = 5  # files; done before anybody would notice a progress bar

EPILOG = """\
A file is one of these:

  a transcript    the JSON that Amazon Transcribe writes, WebVTT, SRT, or plain text
                  that starts each line with the speaker
  a session       the JSON that "Everything (JSON)" on a session's page downloads. It
                  comes back whole: texts, dates, transcript, names, highlights
  an archive      the ZIP file that "Download" on a campaign's page gives, or "Download
                  everything". Its campaigns come back with their sessions

Plain text looks like this. A line without a name continues the turn before it:

  MATT: You come to a door. What do you do?
  LAURA: I listen at it.

A transcript's session is named after the file: "03_the-dry-vault.txt" becomes "03 the
dry vault". Its day of play is taken from the file's name or, for Amazon Transcribe,
from the job's: 2024-03-17, 2024_03_17, 20240317 or 17.03.2024.

Without --campaign, transcripts become unfiled sessions, and exports go back into the
campaign that they came from.

Examples:

  manage.py import_transcripts --owner gm --campaign "The Drowned Ledger" logs/*.txt
  manage.py import_transcripts --owner gm "The Drowned Ledger.zip"

If one file cannot be imported, the command says why, changes nothing and ends with
exit code 1. Repeating it is safe: a session that is there already is skipped.
"""


class HelpFormatter(argparse.RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """Keeps the line breaks of the epilog."""


class Command(BaseCommand):
    """Parses the arguments, calls ``sessions_app.importing`` and prints the result."""

    help = "Import transcripts, one session per file, and what was exported."

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
            metavar="NAME",
            help="the campaign for all sessions; created if none has exactly this name",
        )
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="a transcript, an exported session, an archive"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the files. Raises ``CommandError`` if that fails or is interrupted."""
        paths: list[str] = options["files"]
        quiet = options["verbosity"] == 0
        try:
            owner = importing.find_owner(options["owner"])
            with self.progress(paths, quiet=quiet) as bar:
                result = self.import_all(owner, options["campaign"], paths, bar.update)
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

    @transaction.atomic
    def import_all(
        self,
        owner: User,
        campaign_name: str | None,
        paths: Iterable[str],
        tell: Callable[[], object],
    ) -> importing.ImportResult:
        """Import all files, or none. Raises ``ImportRefused``."""
        if campaign_name is None:
            return importing.import_paths(owner, paths, None, tell)
        campaign, is_new = importing.get_or_create_campaign(owner, campaign_name)
        result = importing.ImportResult(campaigns=[campaign] if is_new else [])
        result.add(importing.import_paths(owner, paths, campaign, tell))
        return result

    def progress(self, paths: Sequence[str], *, quiet: bool) -> "tqdm[Any]":
        """Return a progress bar, which shows itself on a terminal if there may be much to do."""
        has_archive = any(path.lower().endswith(".zip") for path in paths)
        is_short = len(paths) <= MAX_WITHOUT_PROGRESS and not has_archive
        return tqdm(
            total=None if has_archive else len(paths),  # nobody knows what an archive holds
            desc="Importing",
            unit=" sessions",
            leave=False,
            disable=quiet or is_short or None,
        )

    def report(self, result: importing.ImportResult) -> None:
        """Print what was created or skipped, what there is to know of it, and a summary."""
        for campaign in result.campaigns:
            self.stdout.write(f'Created the campaign "{campaign.name}".')
        for outcome in result.outcomes:
            if not outcome.is_new:
                self.stdout.write(f"Skipped {outcome.source}: this session is there already.")
            if outcome.is_namesake:
                self.stdout.write(
                    f"{outcome.source} becomes a second session of the same name: its transcript "
                    "is different."
                )
            for note in outcome.notes:
                self.stdout.write(f"{outcome.source}: {note}")
        count = len(result.new)
        summary = (
            f"{count} {'session' if count == 1 else 'sessions'} imported "
            f"({result.words:,} words), {len(result.skipped)} skipped."
        )
        self.stdout.write(self.style.SUCCESS(summary))
