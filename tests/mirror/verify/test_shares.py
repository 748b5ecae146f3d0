"""Several machines share a check: together they find what one finds, or there is no check."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from mirror.models import CheckNote, CheckRun, SharedCheck, ShareLost
from mirror.processes import Emit, in_processes
from mirror.stores.clients import Stores
from mirror.sync import worker
from mirror.verify import check, notes, shares
from mirror.verify.findings import KINDS
from mirror.verify.report import Report, Scope
from mirror.verify.shares import Share, check_share
from sessions_app.models import Session
from tests.support.commands import run
from tests.support.differences import spoil, summary
from tests.support.factories import make_campaign, make_sessions
from tests.support.stored import item_of, live_items
from tests.support.tampering import set_attribute

mirror_check = partial(run, "mirror_check")


CAMPAIGNS = 12


@pytest.fixture
def sessions(mirror: Stores, owner: User) -> list[Session]:
    """Mirrored sessions in several campaigns, whose items are in all segments of the table."""
    campaigns = [make_campaign(owner, pk=UUID(int=number)) for number in range(CAMPAIGNS)]
    for campaign in campaigns:
        make_sessions(owner, 2, campaign, transcript_text="MATT: hello")
    worker.drain()
    assert all(sum(map(len, mirror.items.scan(segment, 3))) > 2 for segment in range(3))
    return list(Session.objects.order_by("pk"))


ROWS = 3 * CAMPAIGNS


@pytest.fixture(autouse=True)
def small_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be several buckets and several notes in each."""
    monkeypatch.setattr(shares, "ROWS_OF_A_BUCKET", 15)
    monkeypatch.setattr(notes, "HELD", 7)
    monkeypatch.setattr(notes, "FINDINGS_OF_A_NOTE", 2)


def do(number: int, count: int = 3, *, processes: int = 1, deep: bool = False) -> Report:
    return check_share(number, count, Scope(deep=deep), processes)


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_shares_find_what_one_check_finds_in_any_order(
    mirror: Stores, sessions: list[Session], order: tuple[int, ...]
) -> None:
    spoil(mirror, sessions)
    alone = check.check(mirror)
    assert {finding.kind for finding in alone.findings} == set(KINDS)

    reports = [do(number) for number in order]

    assert [len(report.waiting_for) for report in reports] == [2, 1, 0]
    assert summary(reports[-1]) == summary(alone)
    run = CheckRun.objects.get()
    assert (run.complete, run.counts) == (True, alone.counts)
    assert (run.expected, run.in_sync, run.pending) == summary(alone)[1]
    assert not SharedCheck.objects.exists()
    assert not CheckNote.objects.exists()


def test_each_share_reads_its_part_only(mirror: Stores, sessions: list[Session]) -> None:
    looked_at: list[int] = []
    parts = [check_share(number, 4, Scope(), 1, looked_at.append) for number in (1, 2, 3, 4)]
    assert sum(looked_at) == 2 * ROWS  # rows and items
    assert parts[-1].read_units == 4  # pages
    assert [part.expected for part in parts] == [ROWS / 4] * 3 + [ROWS]
    assert parts[-1].in_sync == ROWS


def test_nothing_is_called_equal_before_the_last_share(
    mirror: Stores, sessions: list[Session]
) -> None:
    code, printed = mirror_check("--segment=2/3", "--json")
    report = json.loads(printed)
    assert (code, report["in_sync"], report["parity_percent"]) == (0, 0, 0)
    assert report["segment"] == {"number": 2, "count": 3, "waiting_for": [1, 3]}
    assert not CheckRun.objects.exists()


def test_the_command_says_who_is_missing_and_then_the_verdict(
    mirror: Stores, sessions: list[Session]
) -> None:
    code, printed = mirror_check("--segment=2/3")
    assert code == 0
    assert "Segment 2 of 3 is done" in printed
    assert "No verdict yet: waiting for the others: 1, 3." in printed
    assert "100 %" not in printed
    assert "waiting for the others: 3." in mirror_check("--segment=1/3")[1]
    code, printed = mirror_check("--segment=3/3")
    assert (code, f"100 % in sync: {ROWS} of {ROWS} rows" in printed) == (0, True), printed


def test_the_history_names_the_missing_shares_and_counts_no_check(
    mirror: Stores, sessions: list[Session]
) -> None:
    do(1)
    do(3)
    code, printed = mirror_check("--history")
    assert code == 1
    assert "A check of 3 segments, begun " in printed
    assert "waits for 2." in printed
    assert "No complete check on 14 of the last 14 days." in printed
    do(2)
    printed = mirror_check("--history")[1]
    assert "waits for" not in printed
    assert "No complete check on 13 of the last 14 days." in printed


def test_a_difference_that_only_the_join_finds_ends_with_exit_code_1(
    mirror: Stores, sessions: list[Session]
) -> None:
    set_attribute(mirror, item_of(mirror, sessions[0].pk), "name", {"S": "x"})
    codes = [mirror_check(f"--segment={number}/3")[0] for number in (1, 2, 3)]
    assert codes == [0, 0, 1]


def test_the_share_that_finds_a_difference_ends_with_exit_code_1(
    mirror: Stores, sessions: list[Session]
) -> None:
    mirror.objects.put("transcripts/0/1-orphan.json", b"of no row")  # before all rows
    codes = [mirror_check(f"--segment={number}/3")[0] for number in (1, 2, 3)]
    assert codes == [1, 0, 1]


def test_one_share_of_one_is_a_check(mirror: Stores, sessions: list[Session]) -> None:
    spoil(mirror, sessions)
    assert summary(do(1, 1)) == summary(check.check(mirror))


def test_a_share_is_divided_among_processes(mirror: Stores, sessions: list[Session]) -> None:
    spoil(mirror, sessions)
    do(2, 2)
    assert summary(do(1, 2, processes=3)) == summary(check.check(mirror))


def test_shares_at_the_same_time_are_one_check(mirror: Stores, sessions: list[Session]) -> None:
    spoil(mirror, sessions)

    def share(process: int, emit: Emit[Any]) -> None:
        report = do(process + 1)
        if not report.waiting_for:
            emit(summary(report))

    (joined,) = in_processes(3, share)
    assert joined == summary(check.check(mirror))
    assert CheckRun.objects.count() == 1


def test_more_shares_than_rows(mirror: Stores) -> None:
    assert [do(number, 4).waiting_for for number in (4, 3, 2, 1)][-1] == ()
    assert CheckRun.objects.get().expected == 0


def test_a_share_that_is_begun_anew_replaces_what_it_found(
    mirror: Stores, sessions: list[Session]
) -> None:
    spoil(mirror, sessions)
    do(1)
    do(2)
    assert do(1).waiting_for == (3,)
    assert summary(do(3)) == summary(check.check(mirror))


def test_what_changed_between_two_shares_is_no_difference(
    mirror: Stores, sessions: list[Session]
) -> None:
    do(1)
    for session in sessions[::3]:
        session.name = "changed and mirrored"
        session.save()
    worker.drain()
    for session in sessions[1::3]:
        session.name = "changed and pending"
        session.save()
    do(2)
    sessions[5].delete()
    worker.drain()
    joined = do(3)
    assert not joined.findings
    assert CheckRun.objects.get().counts == dict.fromkeys(KINDS, 0)


def test_what_differs_before_its_share_is_found(mirror: Stores, sessions: list[Session]) -> None:
    do(1)
    do(2)
    ids = {str(session.pk) for session in sessions}
    for item in live_items(mirror):  # those of the campaigns stay
        if item["id"] in ids:
            set_attribute(mirror, item, "name", {"S": "x"})
    joined = do(3)
    found = {finding.object_id for finding in joined.findings}
    scanned = {item["id"]["S"] for page in mirror.items.scan(2, 3) for item in page}
    assert found == scanned & ids != set()
    assert joined.in_sync + len(found) == ROWS  # the others were equal when they were read


@pytest.fixture
def during_the_join(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """A function that lets something happen once, while the shares are joined."""
    join = Share.join

    def let(happen: Callable[[], object]) -> None:
        def joined(*arguments: Any) -> Report:
            report = join(*arguments)
            monkeypatch.setattr(Share, "join", join)
            happen()
            return report

        monkeypatch.setattr(Share, "join", joined)

    return let


def test_one_machine_at_a_time_joins_the_shares(
    mirror: Stores,
    sessions: list[Session],
    during_the_join: Callable[[Callable[[], object]], None],
) -> None:
    waited_for: list[tuple[int, ...]] = []
    do(1)
    do(2)
    during_the_join(lambda: waited_for.append(do(1).waiting_for))
    assert do(3).in_sync == ROWS
    assert waited_for == [(3,)]
    assert CheckRun.objects.count() == 1


def test_who_joins_waits_for_a_share_that_is_begun_anew_meanwhile(
    mirror: Stores,
    sessions: list[Session],
    during_the_join: Callable[[Callable[[], object]], None],
) -> None:
    do(1)
    do(2)
    during_the_join(lambda: Share.begun(1, 3, Scope(), 1))
    assert do(3).waiting_for == (1,)
    assert not CheckRun.objects.exists()
    assert do(1).in_sync == ROWS
    assert CheckRun.objects.count() == 1


def test_the_last_share_can_be_begun_anew(
    mirror: Stores,
    sessions: list[Session],
    during_the_join: Callable[[Callable[[], object]], None],
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    do(1)
    do(2)
    during_the_join(die)
    with pytest.raises(KeyboardInterrupt):
        do(3)
    assert do(3).in_sync == ROWS


def test_a_share_that_was_begun_anew_counts_no_more(
    mirror: Stores,
    sessions: list[Session],
    during_the_join: Callable[[Callable[[], object]], None],
) -> None:
    do(1, 2)
    during_the_join(lambda: do(2, 2))
    with pytest.raises(ShareLost):
        do(2, 2)
    assert CheckRun.objects.count() == 1


@pytest.fixture
def yesterday(mirror: Stores, sessions: list[Session]) -> None:
    """Two of three shares were done the day before."""
    do(1)
    do(2)
    SharedCheck.objects.update(opened_at=F("opened_at") - timedelta(hours=13))


def test_shares_of_two_days_are_never_joined(yesterday: None) -> None:
    assert do(3).waiting_for == (1, 2)
    assert not CheckRun.objects.exists()
    assert SharedCheck.objects.count() == 1  # the old one is removed, with its notes


def test_a_share_of_a_check_that_was_removed_counts_no_more(
    mirror: Stores, sessions: list[Session]
) -> None:
    share = Share.begun(1, 2, Scope(), 1)
    SharedCheck.objects.update(opened_at=F("opened_at") - timedelta(hours=13))
    SharedCheck.objects.remove_old()
    with pytest.raises(ShareLost):
        share.notes.leave("seen", {0: ["x"]})
    with pytest.raises(ShareLost):
        share.hand_in(Report())


def test_what_is_too_old_is_never_joined_while_it_is_removed(
    mirror: Stores,
    sessions: list[Session],
    during_the_join: Callable[[Callable[[], object]], None],
) -> None:
    def grow_old() -> None:
        SharedCheck.objects.update(opened_at=F("opened_at") - timedelta(hours=13))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SharedCheck, "delete", lambda _: None)
            SharedCheck.objects.remove_old()  # it has yet to remove the check itself

    do(1, 2)
    during_the_join(grow_old)
    with pytest.raises(ShareLost):
        do(2, 2)
    assert not CheckRun.objects.exists()


def test_a_note_that_comes_late_stops_nobody(mirror: Stores, sessions: list[Session]) -> None:
    share = Share.begun(1, 2, Scope(), 1)
    SharedCheck.objects.update(closed=True, buckets=1)
    share.notes.leave("seen", {1: ["x"]})
    do(1, 2)
    SharedCheck.objects.filter(pk=share.check.pk).update(buckets=2)
    SharedCheck.objects.remove_old()
    assert SharedCheck.objects.get().pk != share.check.pk


def test_another_number_of_shares_is_another_check(mirror: Stores, sessions: list[Session]) -> None:
    do(1, 2)
    assert do(2, 3).waiting_for == (1, 3)
    assert do(2, 2, deep=True).waiting_for == (1,)
    assert do(2, 2).in_sync == ROWS


def test_a_shared_check_tells_what_changed_before_it_was_opened(
    sessions: list[Session], owner: User
) -> None:
    do(1, 2, deep=True)
    make_campaign(owner)
    worker.drain()
    do(2, 2, deep=True)
    run = CheckRun.objects.get()
    assert run.deep
    assert run.changes == {"creates": ROWS, "updates": 0, "moves": 0, "deletions": 0}


def test_an_older_version_opens_a_check_without_counts(sessions: list[Session]) -> None:
    do(1, 2)
    SharedCheck.objects.update(changes=None)
    do(2, 2)
    run = CheckRun.objects.get()
    assert (run.deep, run.changes) == (False, None)
