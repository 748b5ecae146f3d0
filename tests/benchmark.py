"""How fast the mirror is, compared with a simple script that does the same.

``make benchmark``, or ``python -m tests.benchmark --sessions 20000``. It uses a new database and a
new moto server, both on this machine. The rows per second depend on the machine, so it also prints
how the mirror compares with the script.
"""

from __future__ import annotations

import argparse
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"


@contextmanager
def moto() -> Iterator[None]:
    """Run moto in a separate process, so that it can use another core."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = f"http://127.0.0.1:{port}"
    os.environ["AWS_ENDPOINT_URL_S3"] = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def measure_rate(title: str, count: int, work: Callable[[], object]) -> float:
    """Run ``work`` on ``count`` rows; print and return the rows per second."""
    started = time.perf_counter()
    work()
    rate = count / (time.perf_counter() - started)
    sys.stdout.write(f"{title:60} {rate:9.0f} rows/s\n")
    sys.stdout.flush()
    return rate


def make_unmirrored_sessions(count: int, kilobytes: int) -> None:
    """Save sessions with transcripts, and remove them from the ledger."""
    from mirror.models import LedgerEntry
    from sessions_app.models import Session
    from tests.support.factories import make_campaign, make_user

    owner = make_user()
    campaign = make_campaign(owner)
    line = "MATT: You can certainly try, says the keeper of the light. "
    text = line * (kilobytes * 1024 // len(line))
    for start in range(0, count, 500):
        Session.objects.bulk_create(
            Session(
                owner=owner,
                campaign=campaign,
                name=f"Session {number}",
                notes=line,
                transcript_text=f"{number} {text}",
            )
            for number in range(start, min(start + 500, count))
        )
    LedgerEntry.objects.all().delete()


def simple_migration(limit: int) -> None:
    """Put the object and the item of each row in a loop, as a simple script would."""
    from mirror.documents.render import render
    from mirror.stores.clients import background_clients
    from sessions_app.documents import SessionDocument
    from sessions_app.models import Session

    stores = background_clients()
    for session in Session.objects.order_by("pk")[:limit].iterator():
        rendered = render(SessionDocument, session)
        (body,) = rendered.bodies
        key = f"simple/{body.fingerprint.key(0)}"
        stores.objects.put(key, body.content)
        item = rendered.item(0, {body.attribute: key})
        stores.items.client.put_item(TableName=stores.items.table, Item=item)


def simple_check(limit: int) -> None:
    """Scan the table, and fetch the row and the object of each item, as a simple script would."""
    from mirror.documents.render import render
    from mirror.stores.clients import background_clients
    from sessions_app.documents import SessionDocument
    from sessions_app.models import Session

    stores = background_clients()
    checked = 0
    for page in stores.items.client.get_paginator("scan").paginate(TableName=stores.items.table):
        for item in page["Items"]:
            if item.get("__edb_e__", {}).get("S") != "session":
                continue
            session = Session.objects.get(pk=item["id"]["S"])
            (body,) = render(SessionDocument, session).bodies
            assert stores.objects.get(item["transcriptStorageKey"]["S"]) == body.content
            checked += 1
            if checked == limit:
                return


def measure_memory_of_check() -> None:
    """Run the check in a separate process, which prints how much memory it needs."""
    command = [sys.executable, "-m", "tests.benchmark", "--check-only"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    sys.stdout.write(done.stdout)


def check_only() -> None:
    """Run the check and print the peak memory of this process, before and after."""
    from mirror.stores.clients import background_clients
    from mirror.verify import check

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = check.check(background_clients())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(
        f"The check compared {report.expected} rows in {report.seconds:.1f} s and found "
        f"{report.parity_percent:g} % equal.\n"
        f"Peak memory: {before // 1024} MB before the check, {after // 1024} MB after it.\n"
    )


def drain() -> None:
    """Drain; exit with a message if anything went wrong, because the figures are useless then."""
    from mirror.models import Outage
    from mirror.sync import worker

    drained = worker.drain()
    for outage in Outage.objects.all():
        sys.stdout.write(f"{outage}: {outage.error_class} {outage.error_code}\n")
    if not drained.complete:
        sys.exit(f"Not everything was mirrored: {drained}")


def measure(count: int, kilobytes: int) -> None:
    """Mirror and check ``count`` sessions, and some of them with the simple script."""
    from mirror.stores import provision
    from mirror.stores.clients import background_clients
    from mirror.sync import backfill
    from mirror.verify import check

    sample = min(count, 1000)  # the simple script is measured on these
    provision.provision(background_clients())
    sys.stdout.write(f"{count} sessions with transcripts of {kilobytes} KB\n")
    measure_rate(
        "save the sessions in PostgreSQL", count, lambda: make_unmirrored_sessions(count, kilobytes)
    )
    simple = measure_rate(
        "simple script: put_object and put_item for each row",
        sample,
        lambda: simple_migration(sample),
    )
    measure_rate("mirror: enqueue all rows", count, backfill.enqueue_all)
    mirror = measure_rate("mirror: drain", count, drain)
    compare("The mirror writes", mirror, simple)
    simple = measure_rate(
        "simple script: scan, and read the row and object of each item",
        sample,
        lambda: simple_check(sample),
    )
    mirror = measure_rate("mirror: check", count, lambda: check.check(background_clients()))
    compare("The mirror checks", mirror, simple)
    measure_memory_of_check()


def compare(subject: str, mirror: float, simple: float) -> None:
    """Print the mirror's rate as a multiple of the simple script's."""
    sys.stdout.write(f"{subject} {mirror / simple:.2f} times as fast as the simple script.\n")


def main() -> None:
    """Create a database, measure, and remove the database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=2000, help="how many (default: 2000)")
    parser.add_argument(
        "--kilobytes", type=int, default=20, help="size of each transcript (default: 20)"
    )
    parser.add_argument("--check-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    django.setup()
    from django.db import connection
    from django.test.runner import DiscoverRunner

    if options.check_only:
        connection.settings_dict["NAME"] = "test_" + connection.settings_dict["NAME"]
        check_only()
        return
    runner = DiscoverRunner(interactive=False, verbosity=0)
    databases = runner.setup_databases()
    try:
        with moto():
            measure(options.sessions, options.kilobytes)
    finally:
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
