"""The verdict as staff see it: in each state it says what is true, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import NamedTuple

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django.fixtures import Settings

from mirror.formats import day
from mirror.models import CheckRun, Heartbeat, LedgerEntry, Outage, RestoreRun
from mirror.stores.clients import Stores
from mirror.verify import steps, verdict
from mirror.verify.steps import Step
from tests.support.aws import cut_off
from tests.support.commands import run
from tests.support.evidence import (
    DAYS,
    save_all_evidence,
    save_days,
    save_rehearsal,
    save_run,
)
from tests.support.factories import make_campaign

CONDITIONS = 14
MIRRORED = "Mirrored between the first and the last complete check"


class Shown(NamedTuple):
    """What the section of the verdict says."""

    heading: str
    summary: str
    met: list[str]
    lacking: list[str]


def load(client: Client) -> Shown:
    """Load the dashboard and read its verdict; the command must print the same."""
    page = client.get("/admin/mirror/").content.decode()
    start = page.index('<section class="mirror-verdict')
    head, *conditions = page[start : page.index("</section>", start)].split("<li>")
    heading, summary = re.findall(r"<(?:h2|p)\b[^>]*>(.*?)</(?:h2|p)>", head, re.DOTALL)
    texts = [text_of(condition) for condition in conditions]
    shown = Shown(
        text_of(heading),
        text_of(summary),
        [text.removeprefix("✓Met: ") for text in texts if text.startswith("✓Met: ")],
        [text.removeprefix("✕Not met: ") for text in texts if text.startswith("✕Not met: ")],
    )
    assert len(shown.met) + len(shown.lacking) == len(texts) == CONDITIONS
    assert_history_says(shown)
    return shown


def text_of(html: str) -> str:
    """Return what there is to read in a piece of HTML, in one line."""
    return " ".join(unescape(strip_tags(html)).split())


def assert_history_says(shown: Shown) -> None:
    """Assert that ``mirror_check --history`` prints these conditions, and exits accordingly."""
    code, printed = run("mirror_check", "--history")
    assert code == (1 if shown.lacking else 0)
    assert ("Ready to switch." in printed) == (not shown.lacking)
    lines = [line.strip() for line in printed.splitlines()]
    for mark, texts in (("✓", shown.met), ("✕", shown.lacking)):
        said = [line[2:] for line in lines if line.startswith(mark)]
        assert len(said) == len(texts)
        for sentence, text in zip(said, texts, strict=True):
            # The page shows a worker's age a moment later.
            assert text.startswith(sentence) or "last seen" in sentence
    for text in shown.lacking:
        section = text.rpartition("More: the runbook, ")[2]
        assert f"({steps.RUNBOOK}, {section})" in lines


@pytest.fixture
def evidence(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is asked for; both stores are said to answer."""
    monkeypatch.setattr(verdict, "ask_stores", lambda: {"DynamoDB": "", "S3": ""})
    save_all_evidence()


def in_days(days: int) -> str:
    """Return the date of that day as the page shows it."""
    return day(timezone.localdate() + timedelta(days=days))


def test_nothing_was_checked_yet(
    db: None, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "ask_stores", lambda: {"DynamoDB": "", "S3": ""})
    shown = load(admin_client)
    assert shown.heading == "✕ Not ready to switch"
    day = in_days(13)  # today is the first of fourteen
    assert f"7 of 14 conditions are not met. This can be ready on {day} at" in shown.summary
    assert [sentence.split(".")[0] for sentence in shown.lacking] == [
        "Workers: none alive, none was ever seen",
        "No complete check on 14 of the last 14 days",
        "No check says how much differs",
        "There is no complete check yet",
        "No check of the last 14 days was deep: none read every object",
        "Changes are counted from one complete check to the next: two are needed",
        "No restore was rehearsed in the last 14 days",
    ]
    assert f"Can be met on {day} at the earliest." in shown.lacking[1]


@pytest.mark.usefixtures("evidence")
def test_everything_is_proven(admin_client: Client) -> None:
    shown = load(admin_client)
    assert (shown.heading, shown.lacking) == ("✓ Ready to switch", [])
    assert shown.summary == "All 14 conditions are met."
    for words in (
        "DynamoDB and S3 answer.",
        "Workers: 1 alive",
        "No outage is open",
        "Each of the last 14 days has a complete check.",
        "The last complete check found 100 % of 1,000 rows",
        f"A deep check read every object on {in_days(-3)}",
        f"{MIRRORED}: 9 creates, 7 updates, 1 move, 2 deletions.",
        f"A restore was rehearsed on {in_days(-2)}: 1,000 rows came back as they are",
    ):
        assert any(sentence.startswith(words) for sentence in shown.met), words


def test_a_store_is_silent(
    mirror: Stores, aws_address: str, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_all_evidence()
    assert load(admin_client).heading == "✓ Ready to switch"
    cut_off("S3", aws_address, monkeypatch)
    assert_only_lacks(
        admin_client, "S3 does not answer (EndpointConnectionError).", steps.ASK_STORES
    )


def test_a_mirror_that_is_switched_off_is_never_ready(
    db: None, settings: Settings, admin_client: Client
) -> None:
    save_all_evidence()
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    shown = load(admin_client)
    assert shown.heading == "✕ Not ready to switch"
    assert [sentence.split(".")[0] for sentence in shown.lacking] == [
        "The mirror is switched off",
        "The stores were not asked, since the mirror is switched off",
    ]
    assert 'MIRROR["ENABLED"] = True' in shown.lacking[0]


def end_workers() -> None:
    Heartbeat.objects.update(last_seen_at=Now() - timedelta(minutes=5))


def begin_outage() -> None:
    Outage.objects.create(store="S3", error_class="ClientError", error_code="AccessDenied")


def wait_for_two_hours() -> None:
    make_campaign(User.objects.get(username="admin"))
    LedgerEntry.objects.update(owed_since=timezone.now() - timedelta(hours=2))


def park() -> None:
    make_campaign(User.objects.get(username="admin"))
    LedgerEntry.objects.update(parked_at=timezone.now())


def find_drift() -> None:
    save_run(0, in_sync=995, counts={"stale": 5}, parity_percent=99.5, changes=None)


def only_sample_deeply() -> None:
    CheckRun.objects.filter(deep=True).update(deep=False)
    save_run(0.5, deep=True, complete=False)


def lose_a_document() -> None:
    LedgerEntry.objects.create(model="library.book", object_id="7", mirrored_revision=1)


def find_difference_deeply() -> None:
    CheckRun.objects.filter(deep=True).update(in_sync=999, counts={"object_stale": 1})


def change_too_little() -> None:
    CheckRun.objects.all().delete()
    save_days(changes=(3, 1, 0, 0))


def disable_triggers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE campaigns_campaign DISABLE TRIGGER USER")


def check_once_only_after_changes() -> None:
    CheckRun.objects.update(changes=None)
    save_run(0, changes={"creates": 9, "updates": 9, "moves": 9, "deletions": 9})


def forget_rehearsals() -> None:
    RestoreRun.objects.all().delete()
    save_rehearsal(DAYS + 1)
    save_rehearsal(1, dry_run=False)


def lose_rows_in_rehearsal() -> None:
    counts = {"equal": 990, "differ": 3, "restored": 2, "impossible": 1, "lost": 4, "pending": 0}
    save_rehearsal(0, complete=False, rows={"campaigns.campaign": counts})


def rehearse_nothing() -> None:
    save_rehearsal(0, rows={})


@pytest.mark.usefixtures("evidence")
@pytest.mark.parametrize(
    ("happen", "sentence", "step"),
    [
        (end_workers, "Workers: none alive, last seen 5 min 0 s ago.", steps.START_WORKER),
        (begin_outage, "S3 has been out of reach since", steps.END_OUTAGE),
        (wait_for_two_hours, "Changes pending: 1, the oldest for more than an hour.", steps.DRAIN),
        (park, "Rows parked: 1.", steps.UNPARK),
        (
            lose_a_document,
            "Not compared, as there is no document: library.book.",
            steps.REGISTER,
        ),
        (
            disable_triggers,
            "Changes may not be captured. campaigns.campaign: the database does not run mirror_",
            steps.MEND_TRIGGERS,
        ),
        (find_drift, "The last complete check found 99.5 %, not 100 %.", steps.REPAIR),
        (only_sample_deeply, "No check of the last 14 days was deep", steps.CHECK_DEEP),
        (
            find_difference_deeply,
            f"The last deep check, on {in_days(-3)}, found 1",
            steps.CHECK_DEEP,
        ),
        (
            change_too_little,
            f"{MIRRORED}: 3 creates, 1 update, 0 moves, 0 deletions. One of each is the least.",
            steps.CHANGE,
        ),
        (check_once_only_after_changes, "Changes are counted from one complete", steps.CHANGE),
        (forget_rehearsals, "No restore was rehearsed in the last 14 days.", steps.REHEARSE),
        (
            lose_rows_in_rehearsal,
            f"A restore was rehearsed on {in_days(0)}: 990 rows came back as they are, 10 did not.",
            steps.REHEARSE,
        ),
        (rehearse_nothing, "A restore was rehearsed on", steps.REHEARSE),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_one_thing_is_lacking(
    admin_client: Client, happen: Callable[[], None], sentence: str, step: Step
) -> None:
    happen()
    assert_only_lacks(admin_client, sentence, step)


def assert_only_lacks(client: Client, sentence: str, step: Step, in_how_many_days: int = 0) -> None:
    """Assert that this is all that is lacking, with its next step and the earliest date."""
    shown = load(client)
    assert shown.heading == "✕ Not ready to switch"
    when = f"on {in_days(in_how_many_days)} at the earliest" if in_how_many_days else "today"
    assert shown.summary == f"1 of 14 conditions is not met. This can be ready {when}."
    (lacking,) = shown.lacking
    assert lacking.startswith(sentence)
    assert f"{step.text} {step.command}".rstrip() in lacking
    assert f"More: the runbook, “{step.section}”" in lacking


def test_each_step_is_a_link_away_in_the_runbook(admin_client: Client) -> None:
    page = admin_client.get("/admin/mirror/").content.decode()
    links = re.findall(r'href="/admin/mirror/runbook/#([^"]+)">the runbook, “([^”]+)”</a>', page)
    assert ("no-worker-is-alive", "No worker is alive") in links
    runbook = admin_client.get("/admin/mirror/runbook/").content.decode()
    for name, section in links:
        assert f'<h3 id="{name}">{section}</h3>' in runbook


@pytest.mark.usefixtures("evidence")
def test_the_runbook_is_a_link_away_when_nothing_is_lacking(admin_client: Client) -> None:
    assert load(admin_client).lacking == []
    page = admin_client.get("/admin/mirror/").content.decode()
    assert '<a href="/admin/mirror/runbook/">The runbook</a>' in page


@pytest.mark.usefixtures("evidence")
@pytest.mark.parametrize(("days_ago", "earliest"), [(1, 13), (5, 9), (13, 1)])
def test_a_day_without_a_check_has_to_leave_the_period(
    admin_client: Client, days_ago: int, earliest: int
) -> None:
    CheckRun.objects.all().delete()
    save_days(but=(days_ago,))
    sentence = "No complete check on 1 of the last 14 days."
    assert_only_lacks(admin_client, sentence, steps.CHECK_DAILY, earliest)


@pytest.mark.usefixtures("evidence")
@pytest.mark.parametrize(("unchecked", "earliest"), [((0,), 0), ((0, 1), 13)])
def test_today_counts_as_soon_as_it_has_a_check(
    admin_client: Client, unchecked: tuple[int, ...], earliest: int
) -> None:
    CheckRun.objects.all().delete()
    save_days(but=unchecked)
    days = len(unchecked)
    sentence = f"No complete check on {days} of the last 14 days."
    assert_only_lacks(admin_client, sentence, steps.CHECK_DAILY, earliest)
    save_run(0)
    assert load(admin_client).summary.startswith("All 14" if days == 1 else "1 of 14")


@pytest.mark.usefixtures("evidence")
def test_a_bad_day_has_to_leave_the_period(admin_client: Client) -> None:
    save_run(4, in_sync=980, counts={"stale": 20}, parity_percent=98)
    sentence = "On 1 of the last 14 days more than 1 % differed."
    assert_only_lacks(admin_client, sentence, steps.FIND_CAUSE, DAYS - 4)
