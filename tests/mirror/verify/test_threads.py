"""The threads of a check: each closes its connection, and none waits for ever."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from functools import partial

import pytest
from django.db import connection

from mirror.verify.threads import THREADS, open_threads


def connect() -> int:
    connection.ensure_connection()
    return threading.get_ident()


def backends() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend'"
        )
        (count,) = cursor.fetchone()
    return int(count)


@pytest.mark.parametrize("fails", [False, True])
def test_each_thread_closes_its_connection(transactional_db: None, fails: bool) -> None:
    before = backends()
    with pytest.raises(ZeroDivisionError) if fails else nullcontext(), open_threads() as threads:
        assert len(list(threads.in_order([connect] * 20))) == 20
        assert backends() > before
        assert 1 / (not fails)
    until = time.monotonic() + 30
    while backends() > before:  # PostgreSQL ends them a moment later
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.timeout(60)
def test_threads_that_cannot_be_started_are_not_waited_for(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def start_two(thread: threading.Thread) -> None:
        if thread.name.startswith("mirror-check"):
            if len(started) == THREADS // 2:
                raise RuntimeError("can't start new thread")
            started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_two)
    with pytest.raises(RuntimeError, match="start"), open_threads() as threads:
        list(threads.in_order([partial(time.sleep, 0.2)] * THREADS))


@pytest.mark.timeout(20)
def test_a_thread_too_few_is_not_waited_for(transactional_db: None) -> None:
    with open_threads() as threads:
        list(threads.in_order([connect]))
        # Python 3.13 may count an idle thread twice, and then starts one too few.
        threads._pool._idle_semaphore.release()
