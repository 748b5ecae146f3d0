"""No statement of the mirror reads more of a large ledger, or of a large table, than it needs.

The statements are those that the worker, the backfill, the check, the restore and the pages for
staff really send, noted while they work on a few rows. Each is then explained beside 300,000 rows
that are mirrored, owed, or waiting; and carried out, to see how much it reads, and undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.backends.signals import connection_created
from django.db.models.functions import Now
from django.test import Client
from psycopg import Cursor
from pytest_django.fixtures import Settings

from mirror.errors import OUT_OF_REACH, Failure, Kind
from mirror.models import CheckNote, LedgerEntry, Outage, SharedCheck
from mirror.restore.restore import restore
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.sync.backfill import enqueue_all
from mirror.sync.breaker import breaker
from mirror.verify import check, repair
from mirror.verify.report import EVERYTHING
from mirror.verify.shares import check_share
from tests.support import large_ledger
from tests.support.factories import make_campaign
from tests.support.large_ledger import CAMPAIGNS, LEDGER, NOTES_OF_CHECKS

COUNT = 300_000
STATES = {
    "mirrored": [large_ledger.MIRRORED],
    "owed": [large_ledger.OWED],
    "backfill": [large_ledger.BACKFILL],
    "waiting": large_ledger.WAITING,
}

TABLES = {LEDGER, CAMPAIGNS, NOTES_OF_CHECKS}

MANY_PAGES = 2500  # of PostgreSQL's: 15 for each of 100 claimed entries; the ledger has 17,000
MANY_ROWS = 1000

# The statements that may read more, by a part of their text without quotes and tables, and why.
READ_ALL_ROWS = {
    "AS mirror-id FROM campaigns_campaign": "a backfill and a restore take all ids, once",
    "COLLATE C ASC": "a check takes the ids of all rows, once, in the order of S3's keys",
    "percentile_disc": "a check that is shared divides the ids of all rows, once",
}
READ_THE_BACKLOG = {
    "AS known(label)": "once a minute a gauge counts up to 50,000 entries",
    "SELECT COUNT(": "the end of a drain, a check and pages for staff count what is owed",
    "> (STATEMENT_TIMESTAMP()) AND (next_attempt_at": "a drain makes due whatever waits",
    "> (STATEMENT_TIMESTAMP()) AND error_class": "so does the end of an outage",
    "SELECT id AS pk FROM mirror_ledgerentry WHERE revision >": "a person retries everything",
}


class Notes(dict[str, Any]):
    """The statements about the ledger or the campaigns, each with its parameters."""

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        reads = re.match(r"[\s(]*(SELECT|UPDATE|DELETE)", sql)
        if reads and any(table in sql for table in TABLES) and "inventory" not in sql:
            self.setdefault(sql, params)
        return execute(sql, params, many, context)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Note what is sent, by other threads, too."""

        def watch(connection: Any, **_: Any) -> None:
            connection.execute_wrappers.append(self)

        stream = Cursor.stream  # past Django's wrappers

        def note(cursor: Cursor[Any], sql: str, params: Any = None, **options: Any) -> Any:
            self(lambda *_: None, sql, params, False, {})
            return stream(cursor, sql, params, **options)

        connection_created.connect(watch)
        try:
            with connection.execute_wrapper(self), mock.patch.object(Cursor, "stream", note):
                yield
        finally:
            connection_created.disconnect(watch)


@pytest.fixture
def notes(mirror: Stores, owner: User, admin_client: Client, settings: Settings) -> Notes:
    """What is sent for a few rows, which are mirrored in the end."""
    notes = Notes()
    for name in "ABC":
        make_campaign(owner, name)
    with notes.taken():
        enqueue_all()
        worker.Worker(rate=100).drain()
    break_down()
    with notes.taken():
        worker.mirror_due()  # a probe
        breaker.succeeded("S3")
        breaker.report()
        LedgerEntry.objects.retry()
        worker.drain()
        settings.MIRROR = {**settings.MIRROR, "DISPATCH": "inline"}
        campaign = make_campaign(owner, "D")
        settings.MIRROR = {**settings.MIRROR, "DISPATCH": "worker"}
        admin_client.get("/admin/mirror/")
        admin_client.post(f"/admin/mirror/compare/campaigns.campaign/{campaign.pk}/now/")
    add_strange_items(mirror)
    with notes.taken():
        repair.mark_dirty(check.check(mirror).findings, mirror)
        for number in (1, 2):
            check_share(number, 2, EVERYTHING, 1)
        worker.drain()
        restore(mirror, apply=True)
    return notes


def break_down() -> None:
    """Let an outage begin, and all rows wait for its end."""
    Outage.objects.begin("S3", Failure(Kind.UNREACHABLE, "Test", store="S3"))
    breaker.refresh()
    later = Now() + timedelta(minutes=1)
    LedgerEntry.objects.update(revision=9, error_class=OUT_OF_REACH, next_attempt_at=later)


def add_strange_items(stores: Stores) -> None:
    """Put an item that names no row, and a second item of a row."""
    table = stores.items.table
    nameless = {"pk": {"S": "user#1"}, "sk": {"S": "camp#strange"}}
    second = stores.items.client.scan(TableName=table)["Items"][0] | {"pk": {"S": "user#0"}}
    for item in (nameless, second):
        stores.items.client.put_item(TableName=table, Item=item)


def test_no_statement_reads_more_than_it_needs(notes: Notes, owner: User) -> None:
    large_ledger.refill_campaigns(COUNT, owner.pk)
    large_ledger.add_notes(COUNT // 10)
    found = []
    for state, columns in STATES.items():
        large_ledger.refill(COUNT, *columns)
        for sql, params in notes.items():
            found += [f"{state}, {fault}: {sql}" for fault in faults(sql, params, state)]
    assert not found, "\n\n".join(found)


def test_a_change_is_claimed_from_behind_a_large_backfill(
    transactional_db: None, owner: User
) -> None:
    live = LedgerEntry.objects.get(object_id=make_campaign(owner).pk)
    LedgerEntry.objects.update(mirrored_at=Now())  # so that it is kept
    large_ledger.refill(COUNT, large_ledger.BACKFILL)
    due = LedgerEntry.objects.due()
    for entries, count in ((due, 100), (due.filter(backfill=False), 1)):
        notes = Notes()
        with notes.taken(), transaction.atomic():
            claimed = entries.claim(100)
            assert len(claimed) == count
            assert live in claimed
            transaction.set_rollback(True)
        ((sql, params),) = notes.items()
        assert not list(faults(sql, params, "backfill"))


def test_what_the_shares_of_a_check_leave_is_read_and_removed_by_buckets(
    transactional_db: None,
) -> None:
    buckets = 500
    values = {"shares": 2, "deep": False, "labels": [], "segments": 2, "bounds": {}}
    checks = [SharedCheck.objects.create(**values, buckets=buckets) for _ in "AB"]
    for shared in checks:
        shared.tokens = {"1": "a", "2": "b"}
        for token in "abc":
            for kind in ("seen", "wanted"):
                filled = {bucket: [kind] for bucket in range(buckets)}
                for _ in range(5):
                    CheckNote.objects.leave(shared, token, kind, filled)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {NOTES_OF_CHECKS}")
    notes = Notes()
    with notes.taken():
        assert list(CheckNote.objects.read(checks[0], "seen", 3)) == ["seen"] * 10
        SharedCheck.objects.filter(pk=checks[0].pk).update(closed=True)
        SharedCheck.objects.remove_old()
    assert len(notes) == 3
    assert not [fault for sql, params in notes.items() for fault in faults(sql, params, "mirrored")]
    assert SharedCheck.objects.get() == checks[1]


@pytest.mark.parametrize(
    "query", ["", "p=99", "state=pending", "state=parked", "model=campaigns.campaign", "q=x"]
)
def test_a_page_of_the_ledger_reads_no_more_than_it_shows(
    long_ledger: None, admin_client: Client, query: str
) -> None:
    notes = Notes()
    with notes.taken():
        page = admin_client.get(f"/admin/mirror/ledgerentry/?{query}")
    assert len(page.context["cl"].result_list) == (0 if query == "q=x" else 100)
    state = "owed" if "state" in query else "mirrored"  # who counts what is owed may read that
    assert not [fault for sql, params in notes.items() for fault in faults(sql, params, state)]


@pytest.fixture
def long_ledger(transactional_db: None) -> None:
    """A ledger with many entries in each state."""
    parked = {"parked_at": "now() - number * interval '1 second'"}
    large_ledger.refill(75_000, large_ledger.MIRRORED, large_ledger.OWED, parked)


def faults(sql: str, params: Any, state: str) -> Iterator[str]:
    """Yield what is wrong with a statement while the ledger is in this state."""
    plan = plan_of(sql, params)
    if any(part.get("Parent Relationship") == "SubPlan" for part in plan):
        yield "something is looked up for each row"
    text = re.sub(r'"\w+"\.|"', "", sql)
    excused = READ_ALL_ROWS if state == "mirrored" else READ_ALL_ROWS | READ_THE_BACKLOG
    if any(part in text for part in excused):
        return
    whole = {part.get("Relation Name") for part in plan if part["Node Type"] == "Seq Scan"}
    if whole & TABLES:
        yield f"all of {whole} read"
        return
    plan = plan_of(sql, params, "ANALYZE", "BUFFERS")  # before PostgreSQL 18, ask for both
    pages = plan[0]["Shared Hit Blocks"] + plan[0]["Shared Read Blocks"]
    if pages > MANY_PAGES:
        yield f"{pages} pages read"
    rows = max((part["Actual Rows"] for part in plan if "Sort" in part["Node Type"]), default=0)
    if rows > MANY_ROWS:
        yield f"{rows} rows sorted"


def plan_of(sql: str, params: Any, *options: str) -> list[dict[str, Any]]:
    """Explain a statement; with ``ANALYZE`` carry it out, and undo it. Returns all parts."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({', '.join([*options, 'FORMAT JSON'])}) {sql}", params)
        (((explained,),),) = cursor.fetchall()
        transaction.set_rollback(True)
    parts = [explained["Plan"]]
    for part in parts:  # grows meanwhile
        parts += part.get("Plans", [])
    return parts
