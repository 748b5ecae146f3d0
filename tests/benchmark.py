"""How fast the mirror is, beside the obvious way of doing the same, in one run.

``make benchmark`` (or ``python -m tests.benchmark --sessions 20000``). A new database, a moto
server of its own, everything on loopback. It prints ratios; the seconds depend on the machine.
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
    """Run moto in a process of its own, so that it has a core of its own."""
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


def timed(what: str, count: int, work: Callable[[], object]) -> float:
    """Run ``work`` and return how many objects a second it managed."""
    started = time.perf_counter()
    work()
    rate = count / (time.perf_counter() - started)
    sys.stdout.write(f"{what:58} {rate:9.0f} objects/s\n")
    sys.stdout.flush()
    return rate


def make_sessions(count: int, kilobytes: int) -> None:
    """Make sessions with transcripts, owed to nobody yet."""
    from django.contrib.auth.models import User

    from campaigns.models import Campaign
    from mirror.models import LedgerEntry
    from sessions_app.models import Session

    owner = User.objects.create_user("gm")
    campaign = Campaign.objects.create(owner=owner, name="C")
    line = "MATT: You can certainly try, says the keeper of the light. "
    text = line * (kilobytes * 1024 // len(line))
    for start in range(0, count, 500):
        Session.objects.bulk_create(
            Session(
                owner=owner,
                campaign=campaign,
                name=f"S{number}",
                notes=line,
                transcript_text=f"{number} {text}",
            )
            for number in range(start, min(start + 500, count))
        )
    LedgerEntry.objects.all().delete()


def naive_migration(limit: int) -> None:
    """Put each object and each item in a loop, as a first script would."""
    from mirror.documents.render import render
    from mirror.stores.clients import background_clients
    from sessions_app.documents import SessionDocument
    from sessions_app.models import Session

    stores = background_clients()
    for session in Session.objects.order_by("pk")[:limit].iterator():
        rendered = render(SessionDocument, session)
        (body,) = rendered.bodies
        key = f"naive/{body.fingerprint.key(0)}"
        stores.objects.put(key, body.content)
        item = rendered.item(0, {body.attribute: key})
        stores.items.client.put_item(TableName=stores.items.table, Item=item)


def naive_check(limit: int) -> None:
    """Scan, and fetch a row and an object for each item, as a first script would."""
    from mirror.documents.render import render
    from mirror.stores.clients import background_clients
    from sessions_app.documents import SessionDocument
    from sessions_app.models import Session

    stores = background_clients()
    seen = 0
    for page in stores.items.client.get_paginator("scan").paginate(TableName=stores.items.table):
        for item in page["Items"]:
            if item.get("__edb_e__", {}).get("S") != "session":
                continue
            session = Session.objects.get(pk=item["id"]["S"])
            (body,) = render(SessionDocument, session).bodies
            assert stores.objects.get(item["transcriptStorageKey"]["S"]) == body.content
            seen += 1
            if seen == limit:
                return


def check_in_a_process_of_its_own() -> None:
    """Run mirror_check and print the memory that it took at its peak."""
    command = [sys.executable, "-m", "tests.benchmark", "--check-only"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    sys.stdout.write(done.stdout)


def check_only() -> None:
    """Check, and print the peak of this process's memory."""
    from mirror.stores.clients import background_clients
    from mirror.verify import check

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = check.check(background_clients())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(
        f"  {report.parity_percent:g} % of {report.expected} in {report.seconds:.1f} s; "
        f"memory {before // 1024} MB before, {after // 1024} MB at its peak\n"
    )


def sync_all() -> None:
    """Worker the ledger; say so if anything went wrong, as the figure is worth nothing then."""
    from mirror.models import Outage
    from mirror.sync import worker

    drained = worker.drain()
    for outage in Outage.objects.all():
        sys.stdout.write(f"  {outage}: {outage.error_class} {outage.error_code}\n")
    if not drained.complete:
        sys.exit(f"  not complete: {drained}")


def measure(count: int, kilobytes: int) -> None:
    """Migrate and check ``count`` sessions, both ways."""
    from mirror.stores import provision
    from mirror.stores.clients import background_clients
    from mirror.sync import backfill
    from mirror.verify import check

    few = min(count, 1000)
    provision.provision(background_clients())
    sys.stdout.write(f"{count} sessions with transcripts of {kilobytes} KB\n")
    timed("make them", count, lambda: make_sessions(count, kilobytes))
    naive = timed("migrate: put_object and put_item in a loop", few, lambda: naive_migration(few))
    timed("mirror: owe everything", count, backfill.enqueue_all)
    ours = timed("mirror: backfill, conditional, recorded, acknowledged", count, sync_all)
    sys.stdout.write(f"  ratio {ours / naive:.2f}\n")
    naive = timed("check: scan, then a SELECT and a GET each", few, lambda: naive_check(few))
    ours = timed("mirror_check", count, lambda: check.check(background_clients()))
    sys.stdout.write(f"  ratio {ours / naive:.2f}\n")
    check_in_a_process_of_its_own()


def main() -> None:
    """Parse, make a database, measure, remove it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--kilobytes", type=int, default=20)
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
