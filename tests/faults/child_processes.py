"""Real processes that are killed with SIGKILL or frozen with SIGSTOP before a named step."""

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


class ChildProcesses:
    """Starts and controls child processes, with the help of ``fork_server.py``.

    The actions are listed there; the steps are those of ``protocol_steps.py``.
    """

    def __init__(self) -> None:
        self.address = ""  # of the proxy
        self.mutant = ""  # the broken engine that the children run, if any
        database = {
            name: value for name in DATABASE if (value := settings.DATABASES["default"].get(name))
        }
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.fork_server_settings",
            "FAULTS_DATABASE": json.dumps(database),
        }
        self._fork_server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.fork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=PROJECT,
        )

    def stop_fork_server(self) -> None:
        """End the fork server."""
        self._fork_server.communicate(timeout=20)

    def _ask(self, **command: Any) -> dict[str, Any]:
        assert self._fork_server.stdin
        assert self._fork_server.stdout
        self._fork_server.stdin.write(json.dumps(command) + "\n")
        self._fork_server.stdin.flush()
        answer: dict[str, Any] = json.loads(self._fork_server.stdout.readline())
        return answer

    def start(self, action: str, **options: Any) -> int:
        """Start a child and return its process id."""
        common = {"address": self.address, "mutant": self.mutant}
        pid: int = self._ask(action=action, **common, **options)["pid"]
        return pid

    def wait_for_success(self, pid: int) -> None:
        """Wait until a child has ended, and require exit code 0."""
        assert self._ask(wait=pid) == ENDED | {"code": 0}

    def run_until_killed(self, action: str, step: str = "", **options: Any) -> None:
        """Run a child until SIGKILL ends it, before ``step`` if one is given."""
        how = {"signal": "kill", "step": step} if step else {}
        pid = self.start(action, **how, **options)
        assert self._ask(wait=pid) == ENDED | {"code": -signal.SIGKILL}

    def run_until_frozen(self, action: str, step: str, **options: Any) -> int:
        """Run a child until SIGSTOP freezes it before ``step``; return its process id."""
        pid = self.start(action, signal="stop", step=step, **options)
        assert self._ask(wait=pid) == {"stopped": True, "code": None}
        return pid

    def thaw(self, pid: int) -> None:
        """Let a frozen child go on, wait until it has ended, and require exit code 0."""
        os.kill(pid, signal.SIGCONT)
        self.wait_for_success(pid)

    def kill(self, pid: int) -> None:
        """Kill a child that is waiting for something."""
        os.kill(pid, signal.SIGKILL)
        assert self._ask(wait=pid) == ENDED | {"code": -signal.SIGKILL}
