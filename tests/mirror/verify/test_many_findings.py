"""However many findings there are, only a few are in memory."""

from __future__ import annotations

import json
import threading
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from django.contrib.auth.models import User

from mirror.documents.items import Item, ItemKey
from mirror.management.commands import mirror_check as command
from mirror.models import CheckRun, LedgerEntry
from mirror.stores.clients import Stores
from mirror.stores.s3 import Listed
from mirror.verify import check, history, rows
from mirror.verify.findings import MISSING, OBJECT_STALE, ORPHANED, STALE, Finding, Findings
from tests.support.commands import run
from tests.support.factories import TRANSCRIPT, make_sessions
from tests.support.stored import assert_equal
from tests.support.tampering import put_foreign_item

mirror_check = partial(run, "mirror_check")

ROWS = 400  # each with two findings
CAP = 20
HELD = 120  # those of the few chunks under way, and of one portion


class Emptied:
    """A table and a bucket that have lost everything."""

    read_units = 0.0

    def get_many(self, keys: Sequence[ItemKey], **_: Any) -> dict[ItemKey, Item]:
        return {}

    def scan(self, segment: int = 0, total: int = 1) -> Iterator[list[Item]]:
        yield []

    def list(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        yield from ()


class Alive:
    """Counts the findings that are in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = self.ever = 0
        self._lock = threading.RLock()  # the end of one may come in the middle of a beginning
        begin = Finding.__init__

        def count(finding: Finding, *values: Any) -> None:
            begin(finding, *values)
            weakref.finalize(finding, self._add, -1)
            self._add(1)

        monkeypatch.setattr(Finding, "__init__", count)

    def _add(self, number: int) -> None:
        with self._lock:
            self.now += number
            self.most = max(self.most, self.now)
            self.ever += max(number, 0)


@pytest.fixture
def alive(transactional_db: None, owner: User, monkeypatch: pytest.MonkeyPatch) -> Alive:
    """Rows of which the stores have lost item and object, and small caps."""
    make_sessions(owner, ROWS, transcript_text=TRANSCRIPT)
    LedgerEntry.objects.update(mirrored_revision=1)
    stores = Stores(cast("Any", Emptied()), cast("Any", Emptied()))
    for module, name, value in (
        (command, "reading_clients", lambda: stores),
        (check, "reading_clients", lambda: stores),
        (command, "REPAIRED_AT_ONCE", CAP),
        (command, "MAX_ON_PAGE", CAP),
        (command, "MAX_SHOWN", CAP),
        (history, "KEPT_FINDINGS", CAP),
        (rows, "CHUNK", CAP // 4),
    ):
        monkeypatch.setattr(module, name, value)
    return Alive(monkeypatch)


def test_a_report_with_many_findings_holds_few(alive: Alive, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    code, printed = mirror_check("--json", "--html", str(page))
    report = json.loads(printed)
    assert code == 1
    assert report["counts"]["missing"] == report["counts"]["object_missing"] == ROWS
    rows = [finding["object_id"] for finding in report["findings"]]
    assert rows == sorted(rows)  # as they were found, those of one row together
    assert len(rows) == 2 * ROWS
    assert alive.ever >= 2 * ROWS
    assert alive.most <= HELD
    assert len(CheckRun.objects.get().findings) == CAP
    assert page.read_text().count("<td>missing</td>") == CAP / 2
    assert f"The first {CAP} of {2 * ROWS}" in page.read_text()


def test_the_text_says_how_many_more_there_are(alive: Alive) -> None:
    printed = mirror_check()[1]
    assert printed.count("  missing") == printed.count("  object_missing") == CAP / 2
    assert f"Found: {ROWS} missing, {ROWS} object_missing." in printed.splitlines()
    assert f"and {2 * ROWS - CAP} more; --json has them all." in printed
    assert alive.most <= HELD


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ({}, {}),
        ({STALE: 2, MISSING: 3}, {STALE: 2, MISSING: 3}),
        ({STALE: 89, MISSING: 22, ORPHANED: 1}, {STALE: 5, MISSING: 4, ORPHANED: 1}),
        ({STALE: 89, OBJECT_STALE: 1}, {STALE: 9, OBJECT_STALE: 1}),
    ],
)
def test_no_kind_hides_another(counts: dict[str, int], shares: dict[str, int]) -> None:
    findings = Findings()
    findings.extend(
        Finding(kind, "a.b", str(number), "")
        for kind, count in counts.items()
        for number in range(count)
    )
    shown = list(findings.some_of_each_kind(10))
    assert Counter(finding.kind for finding in shown) == shares
    assert shown == [finding for finding in findings if finding in shown]  # in the same order


def test_a_plan_for_many_findings_holds_few(alive: Alive) -> None:
    code, printed = mirror_check("--repair", "--dry-run")
    assert (code, printed.count("would be mirrored again")) == (1, 2 * ROWS)
    assert alive.most <= HELD


def test_a_repair_in_portions_repairs_everything(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for session in make_sessions(owner, 10, transcript_text=TRANSCRIPT):
        LedgerEntry.objects.filter(object_id=session.pk).update(mirrored_revision=1)
    put_foreign_item(mirror, {})
    monkeypatch.setattr(command, "REPAIRED_AT_ONCE", 3)
    assert mirror_check("--repair", "--delete-orphans")[0] == 0
    assert_equal(mirror)
