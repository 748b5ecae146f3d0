"""``make run``, as a newcomer starts it: it comes up, is equal, stops, and comes up again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import PROJECT

PATIENCE = 60  # seconds


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that has never run."""
    ignored = shutil.ignore_patterns(".*", "staticfiles", "__pycache__", "node_modules")
    return Path(shutil.copytree(PROJECT, tmp_path / "project", ignore=ignored))


@pytest.fixture
def environment() -> dict[str, str]:
    """A machine's own environment, and a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PORT": str(port), "PYTHONUNBUFFERED": "1"}


def start(project: Path, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "config.local.run"],
            cwd=project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def wait_until_ready(run: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while "Ctrl-C stops everything" not in log.read_text():
        assert run.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)


def check_until_equal(project: Path, environment: dict[str, str]) -> str:
    """Run mirror_check as in a second terminal, until the worker has mirrored everything."""
    until = time.monotonic() + PATIENCE
    while True:
        done = subprocess.run(
            [sys.executable, "manage.py", "mirror_check"],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode in {0, 1}, done.stderr
        if " 0 pending, 0 differences" in done.stdout or time.monotonic() > until:
            return done.stdout


@pytest.fixture
def stop_at_the_end() -> Iterator[list[subprocess.Popen[bytes]]]:
    runs: list[subprocess.Popen[bytes]] = []
    yield runs
    for run in runs:
        if run.poll() is None:
            run.kill()


def test_everything_comes_up_is_equal_stops_and_comes_up_again(
    project: Path,
    environment: dict[str, str],
    tmp_path: Path,
    stop_at_the_end: list[subprocess.Popen[bytes]],
) -> None:
    log = tmp_path / "log"
    for _ in range(2):  # the second time the stores are empty and the database is not
        run = start(project, environment, log)
        stop_at_the_end.append(run)
        wait_until_ready(run, log)
        assert "gm / gm" in log.read_text()
        address = f"http://127.0.0.1:{environment['PORT']}/healthz"
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.status == 200
        assert check_until_equal(project, environment).startswith("100 % in sync: 17 of 17")

        run.send_signal(signal.SIGINT)
        assert run.wait(PATIENCE) == 0, log.read_text()
        assert not (project / ".local" / "run.env").exists()
