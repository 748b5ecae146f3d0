"""``manage.py mirror_restore``: rebuild rows from the mirror alone."""

from argparse import ArgumentParser
from typing import Any

from django.db import DatabaseError
from django.template.defaultfilters import pluralize
from tqdm import tqdm

from mirror.management.base import MirrorCommand
from mirror.models.clock import database_time
from mirror.restore import history
from mirror.restore.counts import RestoreCounts
from mirror.restore.restore import restore
from mirror.stores.clients import reading_clients
from mirror.verify.steps import RUNBOOK

# What each result is called in the table, and what it means.
COLUMNS = {
    "equal": ("equal", "the same in PostgreSQL and in the mirror"),
    "differ": ("differ", "in both, with other values; never overwritten"),
    "restored": ("missing", "in the mirror, but not in PostgreSQL; --apply inserts it"),
    "impossible": ("unrestorable", "in the mirror, but not fit to be inserted"),
    "lost": ("unmirrored", "in PostgreSQL, but not in the mirror"),
    "pending": ("pending", "a change of it, such as a deletion, is not mirrored yet; left alone"),
}
APPLIED = COLUMNS | {"restored": ("restored", "was missing in PostgreSQL, and is back")}


class Command(MirrorCommand):
    """Parses, compares or restores, prints."""

    help = (
        "Rebuild every row from DynamoDB and S3 alone and compare it with PostgreSQL. "
        "--apply inserts the rows that PostgreSQL has lost, with their original times, and "
        "overwrites none; after an interruption, run it again. "
        "The table is read once, and the items of missing rows once more; their keys go to a "
        "temporary file, some hundred bytes for each row. Each run is saved, in numbers: the "
        "verdict on the validation period asks for one with --dry-run. "
        "The columns of the table count rows. "
        f"{' '.join(f'{title}: {meaning}.' for title, meaning in COLUMNS.values())} "
        "Exit codes: 0 nothing is missing or everything is restored, 1 something differs or cannot "
        "be restored, 2 could not work."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        mode = parser.add_mutually_exclusive_group(required=True)
        mode.add_argument(
            "--dry-run", action="store_true", help="change no row; print what would change"
        )
        mode.add_argument("--apply", action="store_true", help="insert the rows that are missing")

    def run(self, **options: Any) -> int:
        started_at = database_time()
        with tqdm(unit=" rows", disable=self.quiet) as bar:

            def begin(total: int) -> None:
                bar.reset(total)

            tallies = restore(
                reading_clients(), apply=options["apply"], begin=begin, progress=bar.update
            )
        self._print(tallies, applied=options["apply"])
        try:
            history.record(started_at, tallies, dry_run=options["dry_run"])
        except DatabaseError as error:  # such as one that is kept read-only after the cut-over
            kind = type(error.__cause__ or error).__name__
            self.stderr.write(f"This run is not recorded, as the database refuses it ({kind}).")
        return 0 if history.is_complete(tallies, dry_run=options["dry_run"]) else 1

    def _print(self, tallies: list[RestoreCounts], *, applied: bool) -> None:
        """Print the table, then the names of what differs, never a value."""
        columns = APPLIED if applied else COLUMNS
        width = max(len(tally.label) for tally in tallies)
        header = "".join(f"{title:>14}" for title, _ in columns.values())
        self.stdout.write(f"{'':{width}}{header}")
        for tally in tallies:
            numbers = "".join(f"{getattr(tally, result):>14}" for result in columns)
            self.stdout.write(f"{tally.label:{width}}{numbers}")
        for result, (title, meaning) in columns.items():
            if result != "equal" and any(getattr(tally, result) for tally in tallies):
                self.stdout.write(f"{title}: {meaning}.")
        for tally in tallies:
            self._print_defaults(tally, applied=applied)
            if tally.fields:
                by_field = ", ".join(
                    f"{name} {number}" for name, number in tally.fields.most_common()
                )
                self.stdout.write(f"{tally.label} differs in: {by_field}.")
            for note in tally.notes:
                self.stdout.write(f"  {note}")
            more = tally.problems - len(tally.notes)
            if more > 0:
                self.stdout.write(f"  … and {more} more.")
        self._print_end(tallies, applied=applied)

    def _print_end(self, tallies: list[RestoreCounts], *, applied: bool) -> None:
        """Say in a sentence what is done, or would be, and what is left alone."""
        restored = sum(tally.restored for tally in tallies)
        pending = sum(tally.pending for tally in tallies)
        if restored and applied:
            self.stdout.write(
                f"{restored} {pluralize(restored, 'row is,rows are')} restored and enqueued; "
                "mirror_sync mirrors what is enqueued."
            )
        elif restored:
            self.stdout.write(
                f"{restored} {pluralize(restored, 'row,rows')} would be restored with --apply, "
                f"unless a constraint refuses {pluralize(restored, 'it,one')}: a dry run inserts "
                "nothing."
            )
        elif not pending and not any(tally.impossible for tally in tallies):
            self.stdout.write("Nothing to restore: PostgreSQL has every row that the mirror has.")
        if pending:
            self.stdout.write(
                f"{pending} {pluralize(pending, 'row is,rows are')} left alone, as changes of "
                f"{pluralize(pending, 'it,them')} are pending. If rows were deleted by mistake, "
                f"see {RUNBOOK}, “After a loss of rows”."
            )

    def _print_defaults(self, tally: RestoreCounts, *, applied: bool) -> None:
        """Print which fields the mirror does not give back, and what they have instead."""
        if tally.set_anew:
            named = ", ".join(f"{name} ({words})" for name, words in tally.set_anew.items())
            self.stdout.write(
                f"Held by no item or object of {tally.label}, and so set anew in each row that "
                f"comes back: {named}."
            )
        if tally.lacked:
            got = "got" if applied else "would get"
            named = ", ".join(f"{name} {number}" for name, number in tally.lacked.most_common())
            self.stdout.write(
                f"Fields that items of {tally.label} lack, and that {got} their default: {named}."
            )
