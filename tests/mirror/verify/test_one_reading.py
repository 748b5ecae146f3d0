"""A check reads each item once, shares its work, and finds the same however it is shared."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import Any

import pytest

from mirror.documents.registry import documents
from mirror.stores.clients import Stores
from mirror.stores.dynamodb import ItemStore
from mirror.stores.s3 import ObjectStore
from mirror.verify import check
from mirror.verify.findings import KINDS
from mirror.verify.report import Scope
from mirror.verify.rows import Range, ranges, walk
from sessions_app.documents import SessionDocument
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.differences import ROWS, spoil, summary
from tests.support.stored import objects

mirror_check = partial(run, "mirror_check")


def test_equal_stores_are_read_by_one_scan(
    mirror: Stores, sessions: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("an item is read twice")

    monkeypatch.setattr(ItemStore, "get_many", refuse)
    report = check.check(mirror)
    assert (report.in_sync, report.read_units) == (ROWS, 1)


def test_a_sample_scans_nothing(
    mirror: Stores, sessions: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a sample must not read the table")

    monkeypatch.setattr(ItemStore, "scan", refuse)
    report = check.check(mirror, Scope(sample=50))
    assert 0 < report.expected == report.in_sync < ROWS


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_find_what_one_finds(
    mirror: Stores, sessions: list[Session], processes: int
) -> None:
    spoil(mirror, sessions)
    alone = check.check(mirror)
    assert {f.kind for f in alone.findings} == set(KINDS)
    assert (alone.expected, alone.pending) == (ROWS + 1, 1)
    shared = check.check_in_processes(processes)
    assert summary(shared) == summary(alone)
    assert shared.read_units > 0


def test_the_command_shares_a_check_among_processes(
    mirror: Stores, sessions: list[Session]
) -> None:
    code, printed = mirror_check("--processes=2")
    assert code == 0
    assert f"{ROWS} of {ROWS} rows" in printed


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_ranges_cover_each_row_and_each_object_once(
    mirror: Stores, sessions: list[Session], count: int
) -> None:
    extra = ["transcripts/!", "transcripts/0-a/b", "transcripts/8", "transcripts/~/x/y"]
    extra += [f"transcripts/{s.pk}0/x" for s in sessions[::7]]
    extra += [f"transcripts/{s.pk}-/x" for s in sessions[::5]]
    for key in extra:
        mirror.objects.put(key, b"")
    rows: list[str] = []
    listed: list[str] = []
    for part in ranges(SessionDocument, count):
        for piece in walk(SessionDocument, part, lambda *_: set(), mirror, Scope()):
            assert isinstance(piece, partial)
            _, given, *_ = piece.args
            if isinstance(given, dict):
                rows += given
                given = chain.from_iterable(given.values())
            listed += [found.key for found in given]
    assert sorted(rows) == sorted(str(session.pk) for session in sessions)
    assert sorted(listed) == sorted(objects(mirror))


def test_an_empty_table_is_one_range(mirror: Stores) -> None:
    assert [ranges(document, 3) for document in documents()] == [[Range()]] * len(documents())


def test_no_process_reads_the_whole_listing(
    mirror: Stores, sessions: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    list_objects = ObjectStore.list

    def note(self: ObjectStore, prefix: str, *, after: str = "") -> Any:
        for found in list_objects(self, prefix, after=after):
            taken.append(found.key)
            yield found

    monkeypatch.setattr(ObjectStore, "list", note)
    count = 4
    for part in ranges(SessionDocument, count):
        list(walk(SessionDocument, part, lambda *_: set(), mirror, Scope()))
    assert len(taken) <= ROWS + count  # one more tells each that its range is over
