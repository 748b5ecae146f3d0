"""``manage.py mirror_sync``: mirror everything that is owed."""

import signal
from argparse import ArgumentParser, ArgumentTypeError
from threading import Event
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import pluralize
from tqdm import tqdm

from mirror.counters import CannotServe
from mirror.formats import number
from mirror.management.arguments import address, whole
from mirror.management.base import COULD_NOT_WORK, MirrorCommand, sentence
from mirror.models import LedgerEntry, Outage
from mirror.processes import set_on_signal, worth
from mirror.sync import workers
from mirror.sync.backfill import enqueue_all
from mirror.sync.worker import Drained


def positive(text: str) -> float:
    """Parse a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not value > 0 or value == float("inf"):
        raise ArgumentTypeError("takes a number above 0")
    return value


def _stop_on_signals() -> Event:
    """Return an event that SIGTERM or Ctrl-C sets."""
    stop = Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        set_on_signal(stop, told)
    return stop


class Command(MirrorCommand):
    """Parses, drains or watches, prints."""

    help = (
        "Mirror everything that is owed, and exit. Rows in back-off are retried at once, and rows "
        "that another process has claimed are waited for. "
        "Exit codes: 0 nothing is owed any more, 1 something is parked or still failing, "
        "2 could not work at all."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--all",
            action="store_true",
            help="enqueue every row first (a backfill; to resume it, run again without --all)",
        )
        parser.add_argument(
            "--watch",
            action="store_true",
            help="run until SIGTERM or Ctrl-C and mirror each change as it comes (the worker)",
        )
        parser.add_argument(
            "--processes",
            type=whole,
            metavar="N",
            help="share the work among N processes (default: one a core for a long backlog, "
            "one with --watch)",
        )
        parser.add_argument(
            "--rate",
            type=positive,
            metavar="N",
            help="mirror no more than N rows a second, to limit the load on database and table",
        )

        parser.add_argument(
            "--metrics-port",
            type=address,
            metavar="[ADDRESS:]PORT",
            help="with --watch: serve this worker's counters for Prometheus, on 127.0.0.1 unless "
            "an address is given; with several processes each on a port of its own, from PORT on",
        )

    def run(self, **options: Any) -> int:
        if options["metrics_port"] and not options["watch"]:
            raise CommandError("--metrics-port goes with --watch.", returncode=COULD_NOT_WORK)
        count = 0
        if options["all"]:
            count = enqueue_all()
            self.stdout.write(f"{number(count)} {pluralize(count, 'row is,rows are')} enqueued.")
        stop = _stop_on_signals()
        if options["watch"]:
            return self._watch(stop, **options)
        pending = LedgerEntry.objects.registered().pending().count()
        processes = options["processes"] or worth(pending)
        with tqdm(total=pending, unit=" rows", disable=self.quiet) as bar:
            drained = workers.drain(
                processes, stop=stop, rate=options["rate"], progress=lambda _: bar.update()
            )
        return self._report(drained, owed=max(count, pending))

    def switched_off(self, **options: Any) -> int:
        """Wait to be told to stop: a service manager would restart a worker that ends."""
        code = super().switched_off(**options)
        if not options["watch"]:
            return code
        self.stderr.write('Nothing to do until it is restarted with MIRROR["ENABLED"] = True.')
        stop = _stop_on_signals()
        while not stop.wait(1):  # a second at a time, so that a signal is noticed
            pass
        return 0

    def _watch(self, stop: Event, **options: Any) -> int:
        self.stdout.write("Watching for changes. Ctrl-C ends it.")
        self.stdout.flush()
        try:
            workers.watch(
                options["processes"] or 1,
                stop=stop,
                rate=options["rate"],
                metrics=options["metrics_port"],
            )
        except CannotServe as error:
            raise CommandError(str(error), returncode=COULD_NOT_WORK) from None
        return 0

    def _report(self, drained: Drained, *, owed: int) -> int:
        """Print what became of at least ``owed`` rows."""
        backlog = drained.backlog
        by_others = owed > drained.mirrored + backlog.pending + backlog.parked
        self.stdout.write(
            f"{number(drained.mirrored)} mirrored{' here' * by_others}, "
            f"{number(backlog.pending)} pending, {number(backlog.parked)} parked."
        )
        if by_others:
            self.stdout.write("Other processes, such as a running worker, mirrored the rest.")
        if not drained.complete:
            for state, count, failure in LedgerEntry.objects.registered().reasons():
                why = failure or "no failure is noted"
                self.stderr.write(f"  {number(count)} {state}: {why}")
        if drained.outages:
            self.stderr.write(f"Out of reach: {', '.join(sorted(drained.outages))}.")
            for outage in Outage.objects.open().filter(store__in=drained.outages).order_by("store"):
                self.stderr.write(sentence(outage.failure))
        if drained.helpless:
            return COULD_NOT_WORK
        return 0 if drained.complete else 1
