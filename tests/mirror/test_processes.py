"""Work shared among processes: what they emit arrives, and none fails or outlives it unseen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest

from mirror.errors import Failure, Kind, StoreError
from mirror.processes import Emit, ProcessDied, in_processes, set_on_signal, worth
from tests.support.paths import PROJECT


def test_what_each_process_emits_arrives() -> None:
    def work(number: int, emit: Emit[tuple[int, int]]) -> None:
        for square in range(50):
            emit((number, square))
        assert os.getpid() != parent

    parent = os.getpid()
    received = list(in_processes(3, work))
    assert sorted(received) == [(number, square) for number in range(3) for square in range(50)]


def test_what_a_process_raises_is_raised_and_ends_the_others() -> None:
    def work(number: int, emit: Emit[int]) -> None:
        if number == 0:
            emit(os.getpid())
            time.sleep(600)
        raise StoreError(Failure(Kind.BUSY, "Throttled", store="DynamoDB"))

    pids: list[int] = []
    with pytest.raises(StoreError) as raised:
        pids.extend(in_processes(2, work))
    assert raised.value.failure.error_class == "Throttled"
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_process_that_hears_no_signal_yet_is_ended(tmp_path: Path) -> None:
    def work(number: int, emit: Emit[int]) -> None:
        if number == 0:
            signal.signal(signal.SIGTERM, lambda *_: None)  # as one inherited from the parent
            emit(os.getpid())
            time.sleep(5)
            (tmp_path / "went on").touch()
        time.sleep(1)
        raise StoreError(Failure(Kind.BUSY, "Throttled", store="DynamoDB"))

    with pytest.raises(StoreError):
        list(in_processes(2, work))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("end", "named"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "SIGKILL"),
        (lambda: os._exit(3), "exit code 3"),
    ],
)
def test_a_process_that_is_killed_is_no_end_of_its_work(end: object, named: str) -> None:
    def work(number: int, emit: Emit[str]) -> None:
        emit(f"begun by {number}")
        if number:
            assert callable(end)
            end()

    with pytest.raises(ProcessDied, match=named):
        list(in_processes(2, work))


def test_to_stop_reaches_each_process() -> None:
    stop = Event()

    def work(number: int, emit: Emit[int]) -> None:
        emit(number)
        assert stop.wait(60)

    begun = []
    for number in in_processes(2, work, stop=stop):
        begun.append(number)
        if len(begun) == 2:
            stop.set()
    assert sorted(begun) == [0, 1]


def test_a_signal_in_the_middle_of_waiting_for_it_is_no_deadlock() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    event = Event()
    set_on_signal(event, signal.SIGUSR1)
    try:
        with event._cond:  # type: ignore[attr-defined] # as wait() does for a moment
            os.kill(os.getpid(), signal.SIGUSR1)
        assert event.wait(30)
    finally:
        signal.signal(signal.SIGUSR1, before)


PARENT = """
import os, time
from mirror.processes import in_processes

def work(number, emit):
    emit(os.getpid())
    time.sleep(600)

for pid in in_processes(2, work):
    print(pid, flush=True)
"""


def test_no_process_outlives_a_parent_that_is_killed() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup()\n{PARENT}"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        parent.kill()
    until = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < until, pids
        time.sleep(0.1)


def test_a_short_backlog_is_worth_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert [worth(rows) for rows in (0, 999, 2000, 3999, 4000, 10**7)] == [1, 1, 2, 3, 4, 4]


class Odd(Exception):
    """An error that cannot be made anew from its arguments."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def test_an_error_that_cannot_be_sent_is_named() -> None:
    def work(number: int, emit: Emit[None]) -> None:
        raise Odd("private", "text")

    with pytest.raises(RuntimeError, match=r"^Odd$"):
        list(in_processes(1, work))


def test_a_machine_that_does_not_tell_its_cores_for_one_process_is_asked_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert worth(10**7) == 2
