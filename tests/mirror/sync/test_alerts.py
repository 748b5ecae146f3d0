"""What is told without anybody looking: once, whoever notices it, and without what people wrote."""

from __future__ import annotations

import logging
import re
import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from mirror.models import Alert, CheckRun, LedgerEntry
from mirror.stores.clients import Stores
from mirror.sync import alerts, worker
from mirror.verify.steps import RUNBOOK
from tests.faults.threads import running_in_thread
from tests.support.commands import run
from tests.support.factories import make_campaign, make_session
from tests.support.paths import PROJECT
from tests.support.stored import item_of
from tests.support.tampering import delete_item

Events = list[dict[str, Any]]


@pytest.fixture
def told(sentry: Events, caplog: pytest.LogCaptureFixture) -> Events:
    """The events for Sentry, at a site that was checked a moment ago."""
    caplog.set_level(logging.INFO, "mirror")
    return sentry


def save_run(**values: Any) -> CheckRun:
    """Save a complete check that has just begun and found all in sync."""
    return CheckRun.objects.create(
        started_at=timezone.now(),
        seconds=1.0,
        complete=values.pop("complete", True),
        expected=10,
        in_sync=10,
        pending=values.pop("pending", 0),
        parked=0,
        counts=values.pop("counts", {}),
        findings=[],
        parity_percent=Decimal(100),
        **values,
    )


def later(**duration: int) -> None:
    """Let time pass for what is known of alerts."""
    Alert.objects.update(
        since=F("since") - timedelta(**duration),
        seen_at=F("seen_at") - timedelta(**duration),
        told_at=F("told_at") - timedelta(**duration),
    )


def conditions(events: Events) -> list[str]:
    """Return which conditions events tell of, by their fingerprints."""
    for event in events:
        assert event["fingerprint"][0] == "mirror"
        assert event["level"] == "error"
    return [event["fingerprint"][1] for event in events]


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged as an error."""
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def make_old(owner: User, count: int) -> None:
    """Make rows that have been pending for more than an hour."""
    for number in range(count):
        make_campaign(owner, f"Secret {number}")
    LedgerEntry.objects.update(owed_since=timezone.now() - timedelta(minutes=61))


def test_all_is_well_and_nothing_is_told(db: None, told: Events, owner: User) -> None:
    make_campaign(owner)
    save_run()
    alerts.look()
    assert not told
    assert not Alert.objects.exists()


def test_old_changes_are_told_once_and_not_for_each_row_or_look(
    db: None, told: Events, owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    save_run()
    make_old(owner, 3)
    for _ in range(3):
        alerts.look()
    assert conditions(told) == [alerts.PENDING]
    assert errors(caplog) == ["Changes are pending: 3, the oldest for more than 60 minutes."]
    assert "Secret" not in repr(told)


def test_the_limit_is_that_of_the_setting(
    db: None, told: Events, owner: User, settings: Any
) -> None:
    settings.MIRROR = {**settings.MIRROR, "MAX_PENDING_MINUTES": 62}
    save_run()
    make_old(owner, 1)
    alerts.look()
    assert not told


def test_what_goes_on_is_told_again_the_next_day(
    db: None, told: Events, owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    save_run()
    make_old(owner, 1)
    alerts.look()
    later(hours=19)
    alerts.look()
    assert len(errors(caplog)) == 1
    later(hours=2)
    alerts.look()
    assert len(errors(caplog)) == 2


def test_the_end_of_a_condition_is_logged_once_and_sent_nowhere(
    db: None, told: Events, owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    save_run()
    make_campaign(owner)
    LedgerEntry.objects.update(parked_at=timezone.now())
    alerts.look()
    assert conditions(told) == [alerts.PARKED]
    assert errors(caplog) == ["Rows are parked until somebody acts: 1."]
    LedgerEntry.objects.update(parked_at=None)
    alerts.look()
    assert "No row is parked any more." not in caplog.text  # it may come back in a moment
    LedgerEntry.objects.update(parked_at=timezone.now())
    alerts.look()
    assert len(errors(caplog)) == 1
    LedgerEntry.objects.update(parked_at=None)
    later(minutes=11)
    alerts.look()
    alerts.look()
    assert caplog.text.count("No row is parked any more.") == 1
    assert len(told) == 1
    LedgerEntry.objects.update(parked_at=timezone.now())
    alerts.look()
    assert len(errors(caplog)) == 2  # in the log at once; Sentry has had its event of this hour


def test_a_missing_check_is_told_after_a_day_and_an_hour_of_patience(
    db: None, told: Events
) -> None:
    save_run(complete=False)  # a sample proves nothing
    alerts.look()
    assert not told
    later(minutes=61)
    alerts.look()
    assert conditions(told) == [alerts.OVERDUE_CHECK]
    later(minutes=11)
    run_ = save_run()
    alerts.look()
    assert not Alert.objects.exists()
    CheckRun.objects.filter(pk=run_.pk).update(started_at=timezone.now() - timedelta(hours=27))
    alerts.look()
    assert Alert.objects.get().condition == alerts.OVERDUE_CHECK


def test_a_check_tells_of_differences_and_that_they_are_gone(
    mirror: Stores, told: Events, owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    campaigns = [make_campaign(owner, f"Secret {number}") for number in range(3)]
    worker.drain()
    for campaign in campaigns:
        delete_item(mirror, item_of(mirror, campaign.pk))
    assert run("mirror_check", "--sample", "100")[0] == 1
    assert run("mirror_check")[0] == 1
    assert conditions(told) == [alerts.DRIFT]
    assert errors(caplog) == ["mirror_check found differences: 3 (missing 3)."]
    assert "Secret" not in repr(told)
    later(minutes=11)
    assert run("mirror_check", "--repair")[0] == 0
    assert caplog.text.count("A complete mirror_check finds no differences any more.") == 1
    assert len(told) == 1


def test_a_sample_without_differences_ends_nothing(db: None, told: Events) -> None:
    alerts.tell_of_check(save_run(counts={"missing": 1}))
    later(minutes=11)
    alerts.tell_of_check(save_run(complete=False))
    alerts.tell_of_check(save_run(pending=2))  # of 10: may be the rows that differed
    assert Alert.objects.get().condition == alerts.DRIFT
    alerts.tell_of_check(save_run())
    assert not Alert.objects.exists()


def test_rows_that_are_parked_for_one_reason_are_one_event(
    mirror: Stores, told: Events, owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        make_session(owner, name=f"Secret {number}", metrics={"n": int("7" * 39)})
    worker.drain()
    (event,) = told
    assert event["fingerprint"] == ["mirror", "Unmirrorable", "NumberTooManyDigits"]
    assert len(errors(caplog)) == 3  # the log names each
    assert "Secret" not in repr(told)


def test_several_workers_tell_once(
    mirror: Stores, told: Events, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has looked twice before it is stopped."""
    monkeypatch.setattr(alerts, "INTERVAL", 0.0)
    save_run()
    make_campaign(owner)
    LedgerEntry.objects.update(parked_at=timezone.now())
    stop, look = threading.Event(), alerts.look
    looks: dict[int, int] = {}

    def note() -> None:
        look()
        me = threading.get_ident()
        looks[me] = looks.get(me, 0) + 1
        if len(looks) == 2 and min(looks.values()) > 1:
            stop.set()

    monkeypatch.setattr(alerts, "look", note)
    with (
        running_in_thread(worker.Worker(stop=stop).watch),
        running_in_thread(worker.Worker(stop=stop).watch),
    ):
        assert stop.wait(30)
    assert conditions(told) == [alerts.PARKED]


# What Prometheus calls each condition, and how the runbook quotes its message.
ALERTS = {
    alerts.PENDING: ("ChangesWaitTooLong", "Changes are pending: "),
    alerts.PARKED: ("RowsParked", "Rows are parked until somebody acts: "),
    alerts.DRIFT: ("CheckFoundDifferences", "mirror_check found differences: "),
    alerts.OVERDUE_CHECK: ("CheckIsOverdue", "No complete mirror_check has begun for 26 hours"),
}


def test_the_runbook_explains_each_alert_and_each_rule_of_prometheus() -> None:
    runbook = RUNBOOK.read_text()
    rules = yaml.safe_load((PROJECT / "deploy" / "prometheus-alerts.yaml").read_text())
    names = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    table = runbook.partition("| rule |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == names
    conditions = {
        value for name, value in vars(alerts).items() if name.isupper() and type(value) is str
    }
    assert conditions == ALERTS.keys()
    for rule, message in ALERTS.values():
        assert rule in names
        assert f"| log: `{message}" in runbook


def test_the_runbook_has_the_rules_of_prometheus_for_those_who_lack_the_file() -> None:
    rules = yaml.safe_load((PROJECT / "deploy" / "prometheus-alerts.yaml").read_text())
    table = RUNBOOK.read_text().partition("| rule |")[2].partition("\n\n")[0]
    shown = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", table.replace("\\|", "¦"), re.MULTILINE)
    assert {name: expression.replace("¦", "|") for name, expression in shown} == {
        rule["alert"]: " ".join(rule["expr"].split()).replace('job="tabletop"', 'job="site"')
        for group in rules["groups"]
        for rule in group["rules"]
    }


def test_a_condition_is_over_once_it_was_not_seen_for_a_while(db: None) -> None:
    assert Alert.objects.holds("x")
    for _ in range(2):
        later(minutes=9)
        assert not Alert.objects.holds_not("x")
        assert not Alert.objects.holds("x")
    later(minutes=11)
    assert Alert.objects.holds_not("x")
    assert not Alert.objects.holds_not("x")


def test_what_was_never_told_ends_without_a_word(db: None) -> None:
    assert not Alert.objects.holds("x", lasting=timedelta(hours=1))
    later(minutes=11)
    assert not Alert.objects.holds_not("x")
    assert not Alert.objects.exists()


def test_a_sample_that_differs_is_told(db: None, told: Events) -> None:
    alerts.tell_of_check(save_run(complete=False, counts={"missing": 1}))
    assert conditions(told) == [alerts.DRIFT]
