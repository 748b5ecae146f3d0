"""Uploads wait for each other, and whoever waits too long is told so and loses nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from config.web import large_work
from sessions_app.importing import ImportRefused, storing
from sessions_app.models import Session
from tests.support.exported import archive_of, bring_in
from tests.support.factories import make_campaign, make_session, make_user


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another thread does large work, and nobody waits for it."""
    monkeypatch.setattr(large_work, "WAIT", 0)
    turn = large_work.one_at_a_time()
    with ThreadPoolExecutor(1) as other:
        other.submit(turn.__enter__).result()
        yield
        other.submit(turn.__exit__, None, None, None).result()


@pytest.mark.parametrize(
    "path", ["/sessions/{}/transcript/edit/", "/sessions/import/", "/sessions/new/"]
)
def test_an_upload_that_waits_too_long_is_answered_with_a_page(
    gm: Client, owner: User, busy: None, path: str
) -> None:
    session = make_session(owner)
    answer = gm.post(path.format(session.pk), {"name": "New", "text": "MATT: Roll."})
    assert answer.status_code == 503
    assert "Yours is not saved yet." in answer.content.decode()
    assert answer["Retry-After"] == "0"
    assert list(Session.objects.all()) == [session]
    assert gm.get(path.format(session.pk)).status_code == 200


def wait_for_queue(length: int) -> None:
    while len(large_work._queue) < length:
        time.sleep(0.001)


@pytest.mark.parametrize("page", ["turns/1/", "turns/1/highlight/", "speakers/"])
def test_whoever_waits_for_the_transcript_does_not_lock_its_session(
    transactional_db: None, page: str
) -> None:
    """An upload that has its turn would wait for the row, and this one for the upload."""
    owner = make_user()
    json: dict[str, Any] = {"results": {}}
    session = make_session(owner, transcript_text="MATT: Roll.", transcript_json=json)

    client = Client()
    client.force_login(owner)

    def post() -> int:
        with closing(connection):
            answer = client.post(f"/sessions/{session.pk}/transcript/{page}", {"text": "A"})
            return answer.status_code

    with ThreadPoolExecutor(1) as other:
        with large_work.one_at_a_time():
            answer = other.submit(post)
            wait_for_queue(2)
            free = Session.objects.select_for_update(skip_locked=True)
            with transaction.atomic():
                assert list(free) == [session]
        assert answer.result() in {200, 302}


def test_turns_come_in_the_order_of_the_queue_and_long_work_lets_others_in() -> None:
    done: list[str] = []

    def work(name: str) -> None:
        with large_work.one_at_a_time():
            done.append(name)

    with ThreadPoolExecutor(2) as threads, large_work.one_at_a_time():
        threads.submit(work, "first")
        wait_for_queue(2)
        threads.submit(work, "second")
        wait_for_queue(3)
        with large_work.one_at_a_time():  # nested: it has its turn already
            large_work.let_others()
        done.append("long")
        assert done == ["first", "second", "long"]
    assert large_work._queue == []
    large_work.let_others()  # without a turn there is nothing to give away


def test_who_waited_too_long_is_no_longer_in_the_queue(busy: None) -> None:
    with pytest.raises(large_work.Busy), large_work.one_at_a_time(0):
        pass
    assert len(large_work._queue) == 1


def archive_of_two_sessions(owner: User) -> bytes:
    """Return an archive. What is in it is stored no longer."""
    campaign = make_campaign(owner)
    for name in ("one", "two"):
        make_session(owner, campaign, name)
    data = archive_of(campaign)
    campaign.delete()
    Session.objects.all().delete()
    return data


def test_others_have_their_turn_between_the_sessions_of_an_archive(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = make_user()
    data = archive_of_two_sessions(owner)
    done: list[str] = []
    add = storing._Storing.add_session

    def add_session(self: Any, incoming: Any) -> None:
        if not done:
            other.submit(work)
            wait_for_queue(2)
        done.append("session")
        add(self, incoming)

    def work() -> None:
        with large_work.one_at_a_time():
            done.append("other")

    monkeypatch.setattr(storing._Storing, "add_session", add_session)
    with ThreadPoolExecutor(1) as other, large_work.one_at_a_time():  # as the page has it
        bring_in(owner, data, "Lamps.zip")
    assert done == ["session", "other", "session"]


def test_two_people_may_import_one_archive_at_once(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first waits for a turn, and the second for the first to commit or not."""
    owner, friend = make_user(), make_user("friend")
    data = archive_of_two_sessions(owner)
    add = storing._Storing.add_session
    second: list[Future[Any]] = []

    def bring_in_too() -> None:
        with closing(connection), large_work.one_at_a_time():
            connection.cursor().execute("SET statement_timeout = '10s'")
            bring_in(friend, data, "Lamps.zip")

    def add_session(self: Any, incoming: Any) -> None:
        add(self, incoming)
        if not second:
            second.append(other.submit(bring_in_too))
            wait_for_queue(2)

    monkeypatch.setattr(storing, "LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(storing._Storing, "add_session", add_session)
    with ThreadPoolExecutor(1) as other, large_work.one_at_a_time():
        bring_in(owner, data, "Lamps.zip")
    with pytest.raises(ImportRefused, match="right now"):
        second[0].result()
    assert Session.objects.filter(owner=owner).count() == 2
