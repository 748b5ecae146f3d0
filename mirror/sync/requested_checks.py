"""Checks that somebody asked for on the pages: the worker starts each in a process of its own.

So the mirroring goes on meanwhile, and a check that takes too much memory ends alone. While the
process runs, the worker tells PostgreSQL. If both are killed, another worker takes the request
again; if only the process is, the worker says so. A process whose worker is gone ends itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from uuid import UUID

from mirror.errors import DATABASE_TROUBLE
from mirror.models import CheckRequest

GRACE = 5.0  # seconds between SIGTERM and SIGKILL
NICENESS = 10  # more than the worker has: mirroring goes first


class RequestedChecks:
    """The part of a worker that carries out requests, one at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._token: UUID | None = None

    def tend(self) -> None:
        """Start what was asked for, or look after what is under way. Never waits for it."""
        held = CheckRequest.objects.held(self._token)
        if self._process is None:
            request = CheckRequest.objects.take()
            if request and request.token:
                self._start(request.token)
        elif (code := self._process.poll()) is not None:
            held.fail(f"The check ended early (exit code {code}). The worker's log says why.")
            self._process = None
        elif not held.beat():  # this worker was silent for so long that another has taken it
            self._end()

    def stop(self) -> None:
        """End what is under way, and leave it to another worker."""
        if self._process:
            self._end()
            with suppress(*DATABASE_TROUBLE):
                CheckRequest.objects.held(self._token).release()

    def _start(self, token: UUID) -> None:
        self._token = token
        command = [sys.executable, "-m", "django", "mirror_check", "--request", str(token)]
        path = os.pathsep.join(filter(None, sys.path))  # manage.py may lie in another folder
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C reaches the worker alone
            )
        except OSError as error:  # such as no memory: the mirroring goes on
            held = CheckRequest.objects.held(token)
            held.fail(f"The worker could not start the check ({type(error).__name__}).")
            return
        with suppress(OSError):
            own = os.getpriority(os.PRIO_PROCESS, 0)  # a worker may be humble itself
            os.setpriority(os.PRIO_PROCESS, self._process.pid, own + NICENESS)

    def _end(self) -> None:
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
