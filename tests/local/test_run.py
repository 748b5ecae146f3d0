"""``make run`` in a new folder: it starts, mirrors everything, stops, and starts again."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.paths import PROJECT

TIMEOUT = 60  # seconds


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that has never run."""
    ignored = shutil.ignore_patterns(".*", "staticfiles", "__pycache__", "node_modules")
    return Path(shutil.copytree(PROJECT, tmp_path / "project", ignore=ignored))


@pytest.fixture
def environment() -> dict[str, str]:
    """The variables that every machine has, and a free port."""
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
    deadline = time.monotonic() + TIMEOUT
    while "Ctrl-C stops everything" not in log.read_text():
        assert run.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def check_until_equal(project: Path, environment: dict[str, str]) -> str:
    """Run mirror_check, as in a second terminal, until all is equal or time is up."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        done = subprocess.run(
            [sys.executable, "manage.py", "mirror_check"],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode in {0, 1}, done.stderr
        if " 0 pending, 0 differing" in done.stdout or time.monotonic() > deadline:
            return done.stdout


def sign_up_with_an_address(site: str) -> None:
    """Create an account as a browser does. A mail is sent to its address."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with browser.open(f"{site}/accounts/signup/", timeout=10) as page:
        token = re.search('csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
    assert token is not None
    password = "correct horse battery"
    form = {
        "csrfmiddlewaretoken": token[1],
        "username": f"newcomer-{uuid.uuid4()}",
        "email": "new@example.org",
        "password1": password,
        "password2": password,
    }
    browser.open(f"{site}/accounts/signup/", urlencode(form).encode(), timeout=10).close()


@pytest.fixture
def runs() -> Iterator[list[subprocess.Popen[bytes]]]:
    """A list of runs that are killed at the end of the test."""
    runs: list[subprocess.Popen[bytes]] = []
    yield runs
    for run in runs:
        if run.poll() is None:
            run.kill()


def test_a_run_mirrors_everything_stops_and_starts_again(
    project: Path,
    environment: dict[str, str],
    tmp_path: Path,
    runs: list[subprocess.Popen[bytes]],
) -> None:
    log = tmp_path / "log"
    for _ in range(2):  # the second time only the stores are empty
        run = start(project, environment, log)
        runs.append(run)
        wait_until_ready(run, log)
        assert "gm / gm" in log.read_text()
        site = f"http://127.0.0.1:{environment['PORT']}"
        with urllib.request.urlopen(f"{site}/healthz", timeout=10) as response:
            assert response.status == 200
        sign_up_with_an_address(site)
        assert check_until_equal(project, environment).startswith("100 % in sync: 24 of 24")

        run.send_signal(signal.SIGINT)
        assert run.wait(TIMEOUT) == 0, log.read_text()
        assert f"{site}/accounts/email/" in log.read_text()  # the mail was printed
        assert not (project / ".local" / "run.env").exists()
