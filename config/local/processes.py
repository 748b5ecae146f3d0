"""A supervisor of child processes: it stops them in order and leaves none running.

Each child has a process session of its own, so Ctrl-C reaches only the supervisor, which decides
in which order the children end. A record on disk lists the children with their start times. If
the supervisor is killed, the next one reads the record and ends them.
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
from typing import IO, Any, NoReturn

import psutil

GRACE = 8  # seconds between SIGTERM and SIGKILL
POLL = 0.1  # seconds
CLOCK_TOLERANCE = 2  # seconds by which a start time may move when the clock is set


class Failure(Exception):
    """``make run`` cannot go on; the message is printed to the terminal."""


class Stopped(Exception):
    """The user asked to stop: Ctrl-C, SIGTERM, or a closed terminal."""


class Record:
    """The list of running processes, in a file that is locked while their supervisor lives.

    The operating system releases the lock however its holder ends. So if the lock is free, no
    supervisor is alive.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.open("a+", encoding="utf-8")  # keeps what another supervisor wrote
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(
                "`make run` is already running in this folder: use it, or stop it there (Ctrl-C)."
            ) from None

    def read(self) -> list[dict[str, Any]]:
        """Return the recorded processes; none if a crash left a half-written file."""
        self.file.seek(0)
        try:
            entries: list[dict[str, Any]] = json.loads(self.file.read() or "[]")
        except ValueError:
            return []
        return entries

    def write(self, entries: list[dict[str, Any]]) -> None:
        """Replace the content in place: a new file would not have the lock."""
        self.file.seek(0)
        self.file.truncate()
        json.dump(entries, self.file)
        self.file.flush()

    def end_previous_run(self) -> int:
        """End what a killed supervisor left running, the last started first; return how many."""
        running = [process for entry in reversed(self.read()) if (process := find_process(entry))]
        for process in running:
            end(process)
        self.write([])
        return len(running)


def find_process(entry: dict[str, Any]) -> psutil.Process | None:
    """Return the recorded process, or ``None`` if it ended and another one may have its number."""
    with suppress(psutil.Error):
        process = psutil.Process(entry["pid"])
        same_start = abs(process.create_time() - entry["started"]) < CLOCK_TOLERANCE
        # The first word is not compared: on some systems it is the path of the real interpreter.
        if same_start and process.cmdline()[1:] == entry["command"][1:]:
            return process
    return None


def end(process: psutil.Process | subprocess.Popen[str]) -> None:
    """Ask the process and its children to end, and kill them if they do not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(psutil.TimeoutExpired, subprocess.TimeoutExpired):
            process.wait(timeout=GRACE)
            return


class Supervisor:
    """Starts child processes, watches them, and stops them in the reverse order."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.children: dict[str, subprocess.Popen[str]] = {}
        self.stop_requested = False

    def install_signal_handlers(self) -> None:
        """Note the signals that mean 'stop'; ``check`` acts on the note.

        A handler that raised an exception could do so between the start of a child and its record.
        """

        def note(number: int, frame: object) -> None:
            self.stop_requested = True

        signal.signal(signal.SIGINT, note)
        signal.signal(signal.SIGTERM, note)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup ignores it
            signal.signal(signal.SIGHUP, note)

    def start(
        self, name: str, arguments: str, *, quiet: bool = False, log: Path | None = None
    ) -> None:
        """Start a child that must live as long as the supervisor.

        ``quiet`` discards its standard output. ``log`` is a file for its output and its errors.
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
        """Run a command to its end and return its standard output."""
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
        """Wait until ``ready()``; raise ``Failure(problem)`` after so many seconds."""
        limit = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > limit:
                raise Failure(problem)
            time.sleep(POLL)

    def watch(self) -> NoReturn:
        """Wait until ``check`` raises."""
        while True:
            self.check()
            time.sleep(POLL)

    def check(self) -> None:
        """Raise ``Stopped`` if the user asked to stop, ``Failure`` if a child has ended."""
        if self.stop_requested:
            raise Stopped
        for name, process in self.children.items():
            if process.poll() is not None:
                raise Failure(f"{name} stopped unexpectedly (exit code {process.returncode}).")

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
        """Start Python with these arguments, separated by spaces, and record the process."""
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
