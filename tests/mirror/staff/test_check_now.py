"""*Check now*: what a page asks for, the worker carries out, whoever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from pytest_django.fixtures import Settings

from mirror.models import CheckRequest, CheckRun, Heartbeat, Pulse, heartbeats
from mirror.models.check_requests import CheckRequestQuerySet
from mirror.stores.clients import Stores
from mirror.sync import requested_checks, worker
from mirror.sync.requested_checks import RequestedChecks
from mirror.verify import requested
from mirror.verify.report import Report
from tests.faults.threads import running_in_thread
from tests.support.aws import NOWHERE, point_clients_at
from tests.support.commands import run
from tests.support.factories import make_campaign
from tests.support.manage import database_url

ASK = "/admin/mirror/check/"


@pytest.fixture
def alive(mirror: Stores) -> None:
    """A worker is alive."""
    Pulse().beat()


@pytest.fixture
def checks(alive: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[RequestedChecks]:
    """A worker's part that carries out requests, with children that use the test's database."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.settings")
    monkeypatch.setenv("DATABASE_URL", database_url())
    checks = RequestedChecks()
    yield checks
    checks.stop()


def taken() -> CheckRequest:
    """Return a request that a worker has taken."""
    CheckRequest.objects.ask(deep=False)
    request = CheckRequest.objects.take()
    assert request is not None
    return request


def fall_silent() -> None:
    """Let the worker that has taken the request not be heard of for a while."""
    CheckRequest.objects.update(seen_at=F("seen_at") - timedelta(seconds=31))


def test_the_worker_checks_in_a_process_of_its_own(
    checks: RequestedChecks, owner: User, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "INTERVAL", 0.0)
    make_campaign(owner)
    answer = admin_client.post(ASK, {"deep": "1"}, follow=True)
    assert "Waiting for the worker" in answer.text
    assert 'http-equiv="refresh"' in answer.text
    assert (
        'http-equiv="refresh"' not in admin_client.get(f"{answer.request['PATH_INFO']}?still").text
    )
    stop, limit = threading.Event(), time.monotonic() + 60
    with running_in_thread(worker.Worker(stop=stop).watch):
        while not CheckRequest.objects.filter(done=True).exists():
            assert time.monotonic() < limit
            stop.wait(0.1)
        stop.set()
    request = CheckRequest.objects.get()
    assert (request.state, request.total) == ("done", 2)
    assert request.run is not None
    assert request.run.deep
    page = admin_client.get(answer.request["PATH_INFO"]).text
    assert "Complete, every object read: 1 row" in page
    assert "/admin/mirror/days/" in page
    assert 'http-equiv="refresh"' not in page


def test_one_request_is_open_at_a_time(alive: None, admin_client: Client) -> None:
    first = admin_client.post(ASK, follow=True)
    second = admin_client.post(ASK, follow=True)
    assert first.request["PATH_INFO"] == second.request["PATH_INFO"]
    assert "under way already" in second.text
    assert CheckRequest.objects.count() == 1
    assert "how far it is" in admin_client.get("/admin/mirror/").text
    CheckRequest.objects.fail("x")
    admin_client.post(ASK)
    assert CheckRequest.objects.count() == 2


def test_without_a_worker_the_page_says_what_to_type(mirror: Stores, admin_client: Client) -> None:
    page = admin_client.get("/admin/mirror/").text
    assert "No worker is alive, and it is the worker that checks." in page
    assert "manage.py mirror_check" in page
    assert "Check now</button>" not in page
    assert "No worker is alive" in admin_client.post(ASK, follow=True).text
    assert not CheckRequest.objects.exists()
    Pulse().beat()
    assert "Check now</button>" in admin_client.get("/admin/mirror/").text
    waiting = admin_client.post(ASK, follow=True)
    Heartbeat.objects.all().delete()
    assert "No worker is alive.</strong> The check waits" in (
        admin_client.get(waiting.request["PATH_INFO"]).text
    )


def test_a_killed_check_is_said_to_have_failed(
    checks: RequestedChecks, admin_client: Client
) -> None:
    asked = admin_client.post(ASK, follow=True).request["PATH_INFO"]
    checks.tend()
    assert checks._process is not None
    os.kill(checks._process.pid, signal.SIGKILL)
    checks._process.wait(60)
    checks.tend()
    assert "The check ended early (exit code -9)." in admin_client.get(asked).text
    assert CheckRequest.objects.get().state == "failed"
    assert not CheckRun.objects.exists()
    checks.tend()  # and the next one can begin
    assert admin_client.post(ASK, follow=True).request["PATH_INFO"] != asked


def test_a_request_whose_worker_was_killed_is_taken_again(mirror: Stores) -> None:
    first = taken()
    assert CheckRequest.objects.take() is None
    fall_silent()
    second = CheckRequest.objects.take()
    assert second is not None
    assert (second.pk, second.attempts) == (first.pk, 2)
    with pytest.raises(requested.RequestLost):  # the process of the first worker
        requested.carry_out(first.token or uuid4())
    requested.carry_out(second.token or uuid4())
    assert CheckRequest.objects.get().state == "done"
    assert CheckRun.objects.count() == 1


def test_a_request_that_ends_worker_after_worker_fails(mirror: Stores) -> None:
    taken()
    for _ in range(2):
        fall_silent()
        assert CheckRequest.objects.take()
    fall_silent()
    assert CheckRequest.objects.take() is None
    request = CheckRequest.objects.get()
    assert (request.state, request.attempts) == ("failed", 3)
    assert "3 workers have ended" in request.failure


def lose(*_: object) -> Report:
    """Take so long that another worker takes the request; return a report all the same."""
    fall_silent()
    assert CheckRequest.objects.take()
    return Report()


@pytest.mark.parametrize("gone", ["worker", "request"])
def test_a_check_that_nobody_waits_for_ends_and_is_not_saved(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    make_campaign(owner)
    request = taken()
    if gone == "worker":
        parents = iter([7])
        monkeypatch.setattr(os, "getppid", lambda: next(parents, 1))
    else:
        monkeypatch.setattr(requested, "check_in_processes", lose)
    with pytest.raises(requested.RequestLost):
        requested.carry_out(request.token or uuid4())
    assert not CheckRun.objects.exists()
    assert CheckRequest.objects.get().state == "running"


def test_a_store_that_does_not_answer_is_named(
    mirror: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = taken()
    point_clients_at(NOWHERE, NOWHERE, monkeypatch)
    code, text = run("mirror_check", "--request", str(request.token))
    assert (code, "cannot be reached" in text) == (2, True)
    assert CheckRequest.objects.get().failure == (
        "DynamoDB does not answer (EndpointConnectionError)."
    )


def test_a_worker_that_stops_leaves_the_check_to_the_next(
    checks: RequestedChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(*_: object, **options: object) -> subprocess.Popen[bytes]:
        return real(["/bin/sleep", "60"], start_new_session=True)

    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", sleep)
    CheckRequest.objects.ask(deep=False)
    checks.tend()
    process = checks._process
    checks.tend()
    assert CheckRequest.objects.get().state == "running"
    checks.stop()
    assert process is not None
    assert process.poll() is not None
    request = CheckRequest.objects.get()
    assert (request.state, request.attempts) == ("waiting", 0)


def test_a_process_that_cannot_be_started_is_said_to_have_failed(
    checks: RequestedChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **options: object) -> None:
        raise BlockingIOError  # there are too many processes

    monkeypatch.setattr(subprocess, "Popen", refuse)
    CheckRequest.objects.ask(deep=False)
    checks.tend()
    assert CheckRequest.objects.get().failure == (
        "The worker could not start the check (BlockingIOError)."
    )
    CheckRequest.objects.ask(deep=False)
    checks.tend()
    assert CheckRequest.objects.open().count() == 0


def test_a_worker_that_was_silent_too_long_ends_its_check(
    checks: RequestedChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    CheckRequest.objects.ask(deep=False)
    checks.tend()
    process = checks._process
    fall_silent()
    assert CheckRequest.objects.take()
    checks.tend()
    assert process is not None
    assert process.poll() is not None
    assert CheckRequest.objects.get().state == "running"  # elsewhere


def test_progress_is_shown(alive: None, admin_client: Client) -> None:
    request = taken()
    CheckRequest.objects.update(compared=1234, total=6842)
    page = admin_client.get(f"{ASK}{request.pk}/").text
    assert "Comparing: 1,234 of about 6,842 rows and items." in page
    assert 'value="18"' in page
    assert admin_client.get(f"{ASK}999/").status_code == 404
    assert admin_client.get(ASK).status_code == 405
    assert admin_client.post(f"{ASK}{request.pk}/").status_code == 405


def test_more_rows_than_expected_are_not_all_of_them(alive: None, admin_client: Client) -> None:
    request = taken()
    CheckRequest.objects.update(compared=7000, total=6842)
    assert 'value="99"' in admin_client.get(f"{ASK}{request.pk}/").text


def test_a_mirror_that_is_switched_off_is_not_asked(
    alive: None, admin_client: Client, settings: Settings
) -> None:
    settings.MIRROR = {**settings.MIRROR, "ENABLED": False}
    admin_client.post(ASK)
    assert not CheckRequest.objects.exists()


def test_of_two_workers_at_once_one_takes_the_request(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    CheckRequest.objects.ask(deep=False)
    requests = type(CheckRequest.objects.all())
    first = requests.first

    def first_and_the_other_is_faster(found: CheckRequestQuerySet) -> CheckRequest | None:
        request = first(found)
        monkeypatch.setattr(requests, "first", first)
        assert CheckRequest.objects.take()
        return request

    monkeypatch.setattr(requests, "first", first_and_the_other_is_faster)
    assert CheckRequest.objects.take() is None
    assert CheckRequest.objects.get().attempts == 1


def test_what_is_compared_is_told_and_begins_anew(
    mirror: Stores, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requested, "TOLD", 0.0)
    make_campaign(owner)
    taken()
    CheckRequest.objects.update(compared=77)
    fall_silent()
    request = CheckRequest.objects.take()
    assert request is not None
    assert request.compared == 0
    requested.carry_out(request.token or uuid4())
    assert CheckRequest.objects.get().compared == 1


def test_the_process_is_alone_humble_and_killed_if_it_does_not_end(
    checks: RequestedChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_: object, **options: Any) -> subprocess.Popen[bytes]:
        return real(["/bin/sleep", "60"], **options)

    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", sleep)
    monkeypatch.setattr(requested_checks, "GRACE", 0.2)
    CheckRequest.objects.ask(deep=False)
    handler = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # so does the process
    try:
        checks.tend()
    finally:
        signal.signal(signal.SIGTERM, handler)
    process = checks._process
    assert process is not None
    assert os.getsid(process.pid) == process.pid  # Ctrl-C does not reach it
    humble = os.getpriority(os.PRIO_PROCESS, process.pid)
    assert humble > os.getpriority(os.PRIO_PROCESS, 0) or humble == 19
    checks.stop()
    assert process.returncode == -signal.SIGKILL
