"""Child processes: the stand-in, and real commands with their time and their memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.environment import TABLE
from tests.faults.emulators import free_port, running_server
from tests.support.paths import PROJECT

LONGEST = 180.0  # seconds that a command may take

INSTANT = (0.0, 0.0)  # milliseconds before each answer of DynamoDB and of S3
LIKE_AWS = (5.0, 10.0)


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    output: str
    started: float  # seconds since the epoch
    seconds: float
    peak: float  # megabytes, of its largest process


class Child:
    """A running Python process."""

    def __init__(self, *arguments: str) -> None:
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed when it has ended
        self.started = time.time()
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
        )
        self._peaks: dict[str, float] = {}
        threading.Thread(target=self._watch_memory, daemon=True).start()

    def _watch_memory(self) -> None:
        """Note the peak of this process and of each of its children, while they run.

        ``ru_maxrss`` would tell that of the bench itself: a process begins as a fork of it.
        """
        while not self.has_ended():
            for pid in [self._process.pid, *_children_of(self._process.pid)]:
                with suppress(OSError, StopIteration):
                    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                    peak = next(line for line in lines if line.startswith("VmHWM:"))
                    self._peaks[f"{pid}"] = int(peak.split()[1]) / 1024
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end."""
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGTERM)

    def has_ended(self) -> bool:
        """Whether it has ended; it still must be waited for."""
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self._process.pid, options) is not None
        except ChildProcessError:  # it has been waited for
            return True

    def wait(self, longest: float = LONGEST) -> Done:
        """Wait for its end; it is killed after ``longest`` seconds."""
        killer = threading.Timer(longest, os.kill, [self._process.pid, signal.SIGKILL])
        killer.start()
        _, status = os.waitpid(self._process.pid, 0)
        seconds = time.time() - self.started
        killer.cancel()
        self._process.returncode = os.waitstatus_to_exitcode(status)
        with self._output as output:
            output.seek(0)
            text = output.read()
        peak = max(self._peaks.values(), default=0.0)
        return Done(self._process.returncode, text, self.started, seconds, peak)


def _children_of(pid: int) -> list[int]:
    with suppress(OSError):
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in listed.split()]
    return []


class Failed(Exception):
    """A command of the bench failed; its figures would mean nothing."""


def command(*arguments: str) -> Callable[[], Child]:
    """Return what starts a command of ``manage.py``."""
    return partial(Child, "manage.py", *arguments)


def peer(*arguments: str) -> Callable[[], Child]:
    """Return what starts a peer."""
    return partial(Child, "-m", "tests.bench.peers", *arguments)


def succeed(*children: Child) -> list[Done]:
    """Wait for these processes; raises ``Failed`` if one of them does."""
    done = [child.wait() for child in children]
    for one in done:
        if one.code:
            raise Failed(one.output[-2000:])
    return done


def timed(address: str, *children: Callable[[], Child]) -> tuple[float, list[Done]]:
    """Run these processes side by side; return how long they were at work, and what they came to.

    They are at work from the first request that the stand-in gets until the last one ends, so the
    start of Python does not count.
    """
    ask(address, "began")
    done = succeed(*(start() for start in children))
    began: float = ask(address, "began")
    return max(one.started + one.seconds for one in done) - began, done


@contextmanager
def stand_in(delays: tuple[float, float]) -> Iterator[str]:
    """Run empty stores for this process and those that it starts; yields their address."""
    port = free_port()
    names = ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3")
    before = {name: os.environ.get(name) for name in names}
    arguments = [sys.executable, "-m", "tests.bench.standin", f"{port}", TABLE, *map(str, delays)]
    with running_server(arguments, port) as address:
        os.environ.update(dict.fromkeys(names, address))
        try:
            yield address
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def written(address: str) -> list[tuple[str, float]]:
    """Return the sort key of each put that the stand-in has accepted, and when."""
    return [(key, moment) for key, moment in ask(address, "written")]


def ask(address: str, question: str) -> Any:
    """Ask the stand-in itself."""
    with urllib.request.urlopen(f"{address}/-/{question}", timeout=30) as answer:
        return json.load(answer)


def load(address: str, items: str) -> None:
    """Put items into the mirror's table, as JSON, one a line, past the protocol."""
    with urllib.request.urlopen(f"{address}/-/load", items.encode(), timeout=60):
        pass
