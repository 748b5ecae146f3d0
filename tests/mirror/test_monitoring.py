"""What Prometheus is told, and that dashboard and alert rules ask for nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import urllib.request
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from mirror import counters
from mirror.counters import Address
from mirror.errors import Failure, Kind
from mirror.models import CheckRun, LedgerEntry, Outage, Pulse, gauges
from mirror.stores.clients import Stores
from mirror.sync import worker, workers
from mirror.sync.engine import Outcome
from tests.faults.emulators import free_port
from tests.faults.threads import running_in_thread
from tests.support import large_ledger
from tests.support.aws import NOWHERE, point_clients_at
from tests.support.factories import make_campaign, make_session
from tests.support.paths import PROJECT

TOKEN = "a-token-of-twenty-characters"
Samples = dict[tuple[str, ...], float]


def samples(text: str) -> Samples:
    """Return each value by its name and the values of its labels, in the order of their names."""
    return {
        (sample.name, *dict(sorted(sample.labels.items())).values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def token(settings: Settings) -> None:
    """The site has a token for Prometheus."""
    settings.METRICS_TOKEN = TOKEN


def scrape(client: Client) -> Samples:
    """Ask as Prometheus does: by address, over HTTP, with the token."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "10.1.2.3:8000"}
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    return samples(answer.text)


def save_run() -> CheckRun:
    """Save a complete check that began an hour ago and found one difference."""
    return CheckRun.objects.create(
        started_at=timezone.now() - timedelta(hours=1),
        seconds=1.0,
        complete=True,
        expected=1000,
        in_sync=999,
        pending=0,
        parked=0,
        counts={"missing": 1},
        findings=[],
        parity_percent=Decimal("99.9"),
    )


def test_without_a_token_there_is_no_such_page(client: Client, db: None) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize(
    "header", ["", TOKEN, "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer \xe9"]
)
def test_a_wrong_token_is_refused_and_nothing_is_asked(
    client: Client, token: None, header: str
) -> None:  # no fixture allows the database here
    answer = client.get("/metrics", headers={"Authorization": header})
    assert (answer.status_code, answer.content) == (401, b"")


def test_what_the_database_knows_is_told(
    client: Client, token: None, db: None, owner: User
) -> None:
    campaigns = [make_campaign(owner, name) for name in "ABC"]
    make_session(owner, campaigns[0])
    hour = timezone.now() - timedelta(hours=1)
    LedgerEntry.objects.filter(object_id=campaigns[0].pk).update(owed_since=hour)
    LedgerEntry.objects.filter(object_id=campaigns[1].pk).update(parked_at=hour)
    LedgerEntry.objects.filter(object_id=campaigns[2].pk).update(backfill=True)
    Outage.objects.begin("S3", Failure(Kind.UNREACHABLE, "Test", store="S3"))
    Outage.objects.update(started_at=hour)
    save_run()
    Pulse().beat()
    told = scrape(client)
    assert told["mirror_enabled",] == 1
    assert told["mirror_pending", "campaigns.campaign"] == 2
    assert told["mirror_parked", "campaigns.campaign"] == 1
    assert told["mirror_pending", "sessions_app.session"] == 1
    assert told["mirror_oldest_pending_seconds", "campaigns.campaign"] == pytest.approx(3600, 0.1)
    assert told["mirror_oldest_pending_seconds", "sessions_app.session"] < 600
    assert told["mirror_breaker_open", "S3"] == 1
    assert told["mirror_breaker_open", "DynamoDB"] == 0
    assert told["mirror_outage_seconds", "S3"] == pytest.approx(3600, 0.1)
    assert told["mirror_outage_seconds", "DynamoDB"] == 0
    assert told["mirror_check_parity_percent",] == 99.9
    assert told["mirror_check_differences",] == 1
    assert told["mirror_check_age_seconds",] == pytest.approx(3600, 0.1)
    assert told["mirror_workers_alive",] == 1
    assert told["mirror_worker_last_seen_seconds",] < 600


def test_an_empty_site_is_told_of_with_a_constant_number_of_queries(
    client: Client,
    token: None,
    db: None,
    owner: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    told = scrape(client)
    assert told["mirror_pending", "campaigns.campaign"] == 0
    assert ("mirror_check_age_seconds",) not in told
    save_run()
    for name in "ABC":
        make_campaign(owner, name)
    with django_assert_num_queries(6):
        scrape(client)


@pytest.mark.parametrize(
    ("states", "pending"),
    [(["OWED", "PARKED", "BACKFILL", "MIRRORED"], 200), (["PARKED", "MIRRORED"], 0)],
    ids=["all states", "parked"],
)
def test_a_scrape_reads_no_more_of_a_large_ledger_than_its_bound(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, states: list[str], pending: int
) -> None:
    monkeypatch.setattr(gauges, "MOST", 100)
    large_ledger.refill(40_000, *(getattr(large_ledger, state) for state in states))
    with connection.cursor() as cursor:
        statements: list[tuple[str, Any]] = []

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            statements.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            owed = gauges.owed_by_model()
        ((sql, params),) = statements
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0][0]["Plan"]
    campaigns = owed["campaigns.campaign"]
    assert (campaigns.pending, campaigns.parked) == (pending, 100)
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 1000


@pytest.fixture
def counted() -> None:
    """Counters that begin at nothing."""
    for counter in (counters.ATTEMPTS, counters.STORE_CALLS):
        assert counter
        counter.clear()


def test_a_worker_counts_attempts_and_calls(
    mirror: Stores, owner: User, counted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session(owner, make_campaign(owner), transcript_text="Hello")
    worker.drain()
    point_clients_at(NOWHERE, NOWHERE, monkeypatch)
    session.save()
    worker.mirror_due()
    told = samples(generate_latest(counters.REGISTRY).decode())
    assert told["mirror_attempts_total", "campaigns.campaign", "mirrored"] == 1
    assert told["mirror_attempts_total", "sessions_app.session", "mirrored"] == 1
    assert told["mirror_attempts_total", "sessions_app.session", "failed"] == 1
    ok, failed = [
        {
            name[3]: value
            for name, value in told.items()
            if name[0] == "mirror_store_call_seconds_count"
            and name[1:3] == ("sessions_app.session", result)
        }
        for result in ("ok", "failed")
    ]
    assert ok == {"DynamoDB": 1, "S3": 1}
    assert failed == {"DynamoDB": 1}


def test_a_watching_worker_serves_its_counters_on_loopback(mirror: Stores, counted: None) -> None:
    stop, address = threading.Event(), Address("127.0.0.1", free_port())
    with running_in_thread(lambda: workers.watch(1, stop=stop, metrics=address)):
        try:
            text = read_when_served(f"http://127.0.0.1:{address.port}/metrics")
        finally:
            stop.set()
    assert "# TYPE mirror_attempts_total counter" in text
    with pytest.raises(counters.CannotServe):
        counters.serve(address)
    with pytest.raises(CommandError, match=f"cannot be served at 127.0.0.1:{address.port}"):
        call_command("mirror_sync", "--watch", f"--metrics-port={address.port}")


def test_what_several_processes_of_the_web_server_counted_is_added_up(
    client: Client,
    token: None,
    db: None,
    counted: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counters.count_attempt("model", "failed")
    assert scrape(client)["mirror_attempts_total", "model", "failed"] == 1
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    program = "from mirror import counters; counters.count_attempt('model', 'mirrored')"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, timeout=60)
    assert scrape(client)["mirror_attempts_total", "model", "mirrored"] == 2


def read_when_served(url: str) -> str:
    """Read a page that is served within half a minute."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            threading.Event().wait(0.1)
    raise AssertionError(url)


@pytest.mark.parametrize("text", ["", "0", "65536", "localhost", "a:b"])
def test_the_port_must_be_one(db: None, text: str) -> None:
    with pytest.raises(CommandError, match="takes PORT or ADDRESS:PORT"):
        call_command("mirror_sync", f"--metrics-port={text}")


def test_counters_are_of_a_worker(db: None) -> None:
    with pytest.raises(CommandError, match=r"--metrics-port goes with --watch\.") as refused:
        call_command("mirror_sync", "--metrics-port=9200")
    assert refused.value.returncode == 2


def test_what_metrics_need_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "ATTEMPTS", None)
    with pytest.raises(counters.CannotServe, match=r'install "django-dynamodb-mirror\[metrics\]"'):
        counters.serve(Address("127.0.0.1", 9200))


def expressions() -> dict[str, str]:
    """Return what the dashboard and the alert rules ask for."""
    rules = yaml.safe_load((PROJECT / "deploy" / "prometheus-alerts.yaml").read_text())
    dashboard = json.loads((PROJECT / "deploy" / "grafana-dashboard.json").read_text())
    found = {rule["alert"]: rule["expr"] for group in rules["groups"] for rule in group["rules"]}
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
        found |= {f"{panel['title']} {t['refId']}": t["expr"] for t in panel["targets"]}
    return found


def test_dashboard_and_alert_rules_ask_for_what_there_is(
    client: Client, token: None, db: None, counted: None
) -> None:
    save_run()
    Pulse().beat()
    with counters.timed_call("S3", "model"):
        pass
    counters.count_attempt("model", "mirrored")
    there_is = {name for name, *_ in scrape(client)} | {
        name for name, *_ in samples(generate_latest(counters.REGISTRY).decode())
    }
    asked = expressions()
    assert len(asked) == 20
    for title, expression in asked.items():
        names = set(re.findall(r"\bmirror_\w+", expression))
        assert names <= there_is, title
        assert names or "up{" in expression
        for pair in ("()", "{}", "[]"):
            assert expression.count(pair[0]) == expression.count(pair[1]), title
    outcomes = set(re.findall(r'outcome=~"([^"]+)"', " ".join(asked.values())))
    assert {name for group in outcomes for name in group.split("|")} <= {
        outcome.name.lower() for outcome in Outcome
    }
