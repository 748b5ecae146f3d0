"""Real processes that are killed with SIGKILL or frozen with SIGSTOP at a named point."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

from django.conf import settings

from tests.support.paths import PROJECT

DATABASE = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
ENDED = {"stopped": False}


class Children:
    """The way to a process that forks children on demand."""

    def __init__(self) -> None:
        self.address = ""
        self.broken = ""  # the broken engine that the children run, if any
        database = {
            name: value for name in DATABASE if (value := settings.DATABASES["default"].get(name))
        }
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.child_settings",
            "FAULTS_DATABASE": json.dumps(database),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=PROJECT,
        )

    def stop(self) -> None:
        """End the nursery."""
        self._process.communicate(timeout=20)

    def _ask(self, **command: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def start(self, action: str, **options: Any) -> int:
        """Start a child and return its process id."""
        where = {"address": self.address, "broken": self.broken}
        pid: int = self._ask(action=action, **where, **options)["pid"]
        return pid

    def finish(self, pid: int) -> None:
        """Wait until a child has ended well."""
        assert self._ask(wait=pid) == ENDED | {"code": 0}

    def die(self, action: str, point: str = "", **options: Any) -> None:
        """Run a child that is killed with SIGKILL, at ``point`` or by itself."""
        how = {"signal": "kill", "point": point} if point else {}
        pid = self.start(action, **how, **options)
        assert self._ask(wait=pid) == ENDED | {"code": -signal.SIGKILL}

    def freeze(self, action: str, point: str, **options: Any) -> int:
        """Start a child, wait until SIGSTOP has stopped it at ``point``, return its id."""
        pid = self.start(action, signal="stop", point=point, **options)
        assert self._ask(wait=pid) == {"stopped": True, "code": None}
        return pid

    def thaw(self, pid: int) -> None:
        """Wake a stopped child, and wait until it has ended well."""
        os.kill(pid, signal.SIGCONT)
        self.finish(pid)

    def kill(self, pid: int) -> None:
        """Kill a child that waits for something."""
        os.kill(pid, signal.SIGKILL)
        assert self._ask(wait=pid) == ENDED | {"code": -signal.SIGKILL}
