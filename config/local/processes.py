"""Child processes: started apart from the terminal, stopped in order, never left behind.

Each child leads a session of its own, so that Ctrl-C reaches the supervisor alone and the
supervisor decides who ends first. A record on disk names them, with their start times: where the
supervisor itself was killed, the next one ends what is left.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

GRACE = 8  # seconds that a process gets to end by itself
POLL = 0.1
CLOCK_TOLERANCE = 2  # seconds by which a start time may move when the clock is set


class Failure(Exception):
    """It cannot go on; the message is the sentence for the person at the terminal."""


class Stopped(Exception):
    """Somebody asked to stop: Ctrl-C, SIGTERM, or a terminal that was closed."""


class Record:
    """Which processes run, in a file that is locked for as long as their supervisor lives.

    The system drops the lock with its holder, however that one ends: a lock that can be had
    means that no supervisor is alive.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.open("a+", encoding="utf-8")  # does not empty what another one wrote
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(
                "`make run` is already running in this folder: use it, or stop it there (Ctrl-C)."
            ) from None

    def read(self) -> list[dict[str, Any]]:
        """Return what the last write says; a torn write, from a crash, says nothing."""
        self.file.seek(0)
        try:
            entries: list[dict[str, Any]] = json.loads(self.file.read() or "[]")
        except ValueError:
            return []
        return entries

    def write(self, entries: list[dict[str, Any]]) -> None:
        """Replace the content in place: a new file would not carry the lock."""
        self.file.seek(0)
        self.file.truncate()
        json.dump(entries, self.file)
        self.file.flush()

    def end_leftovers(self) -> int:
        """End the recorded processes that still live, the last started first; return how many."""
        leftovers = [process for entry in reversed(self.read()) if (process := recorded(entry))]
        for process in leftovers:
            end(process)
        self.write([])
        return len(leftovers)


def recorded(entry: dict[str, Any]) -> psutil.Process | None:
    """Return the process that the entry means, or nothing where its number serves another now."""
    with suppress(psutil.Error):
        process = psutil.Process(entry["pid"])
        same_start = abs(process.create_time() - entry["started"]) < CLOCK_TOLERANCE
        # The first word is left out: some systems put the real interpreter there.
        if same_start and process.cmdline()[1:] == entry["command"][1:]:
            return process
    return None


def end(process: psutil.Process | subprocess.Popen[str]) -> None:
    """Ask the process and what it started to end; kill them where they do not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(psutil.TimeoutExpired, subprocess.TimeoutExpired):
            process.wait(timeout=GRACE)
            return


class Supervisor:
    """Starts children, watches them, and stops them in the reverse order."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.children: dict[str, subprocess.Popen[str]] = {}
        self.stop_requested = False

    def heed_signals(self) -> None:
        """Note the signals that mean 'stop'; the loops below act on the note.

        An exception out of the handler could strike between the start of a child and its record.
        """

        def note(number: int, frame: object) -> None:
            self.stop_requested = True

        signal.signal(signal.SIGINT, note)
        signal.signal(signal.SIGTERM, note)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants to outlive it
            signal.signal(signal.SIGHUP, note)

    def start(
        self, name: str, arguments: str, *, quiet: bool = False, log: Path | None = None
    ) -> None:
        """Start a child that is to live as long as the supervisor.

        ``quiet`` drops its standard output; ``log`` takes that and its errors.
        """
        if log is None:
            output = subprocess.DEVNULL if quiet else None
            self.children[name] = self._spawn(name, arguments, stdout=output)
            return
        with log.open("w", encoding="utf-8") as file:
            self.children[name] = self._spawn(
                name, arguments, stdout=file, stderr=subprocess.STDOUT
            )

    def run(self, name: str, arguments: str) -> str:
        """Run a command to its end and return what it printed."""
        process = self._spawn(name, arguments, stdout=subprocess.PIPE)
        try:
            while process.poll() is None:
                self.check()
                with suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=POLL)
        except (Failure, Stopped):
            end(process)
            raise
        printed = process.communicate()[0]
        if process.returncode:
            sys.stdout.write(printed)
            raise Failure(f"{name} failed (exit code {process.returncode}).")
        return printed

    def wait_until(self, ready: Callable[[], bool], seconds: float, problem: str) -> None:
        """Wait for something that a child does; ``problem`` is said where it takes too long."""
        limit = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > limit:
                raise Failure(problem)
            time.sleep(POLL)

    def watch(self) -> None:
        """Return never: ``check`` ends it."""
        while True:
            self.check()
            time.sleep(POLL)

    def check(self) -> None:
        """Raise where somebody asked to stop or a child ended by itself."""
        if self.stop_requested:
            raise Stopped
        for name, process in self.children.items():
            if process.poll() is not None:
                raise Failure(f"{name} ended by itself (exit code {process.returncode}).")

    def stop(self) -> None:
        """End all children, the last started first."""
        for process in reversed(self.children.values()):
            if process.poll() is None:
                end(process)
        self.children.clear()
        self.record.write([])

    def _spawn(
        self,
        name: str,
        arguments: str,
        *,
        stdout: IO[str] | int | None,
        stderr: int | None = None,
    ) -> subprocess.Popen[str]:
        """Start this interpreter with the arguments, which are separated by spaces."""
        self.check()
        command = [sys.executable, *arguments.split()]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            text=True,
        )
        with suppress(psutil.Error):  # it may have ended already
            started = psutil.Process(process.pid).create_time()
            entry = {"name": name, "pid": process.pid, "started": started, "command": command}
            self.record.write([*self.record.read(), entry])
        return process
