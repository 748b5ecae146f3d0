"""gunicorn with the configuration of ``deploy/``: it serves, believes its proxy, keeps secrets."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.emulators import free_port
from tests.support.manage import SECRET_KEY, database_url
from tests.support.paths import PROJECT

HTTPS = {"Host": "tabletop.example.org", "X-Forwarded-Proto": "https"}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def port(transactional_db: None, log: Path) -> Iterator[int]:
    """The port of a running gunicorn, with the settings of production."""
    port = free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "0",
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database_url(),
        "ALLOWED_HOSTS": "tabletop.example.org",
        "WEB_CONCURRENCY": "1",
    }
    gunicorn = Path(sys.executable).with_name("gunicorn")
    command = [gunicorn, "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    with (
        log.open("w") as file,
        subprocess.Popen(
            [*command, "config.wsgi"], cwd=PROJECT, env=environment, stdout=file, stderr=file
        ) as process,
    ):
        try:
            wait_until_it_serves(process, log)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=40)


def wait_until_it_serves(process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + 30
    while "Booting worker" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < limit, log.read_text()
        time.sleep(0.05)


def ask(port: int, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_it_serves_and_logs_no_secret(port: int, log: Path) -> None:
    assert ask(port, "/healthz", {"Host": "10.1.2.3"}).status == 200  # as a load balancer asks
    assert ask(port, "/accounts/login/", HTTPS).status == 200
    assert ask(port, "/accounts/login/", {"Host": HTTPS["Host"]}).status == 301  # not TLS
    assert ask(port, "/accounts/login/", {**HTTPS, "Host": "elsewhere"}).status == 400
    for path in (
        "/share/HIDDEN/",
        "/share/campaign/HIDDEN/",
        "/accounts/password/reset/MQ/HIDDEN/",
        "/accounts/email/HIDDEN/",
        "/search/?q=HIDDEN",
    ):
        assert ask(port, path, {**HTTPS, "Referer": "https://x/share/HIDDEN/"}).status in {
            200,
            302,
            404,
        }
    text = log.read_text()
    assert '"GET /share/…/" 404' in text
    assert '"GET /accounts/password/reset/MQ/…/" 200' in text
    assert '"GET /search/" 302' in text
    assert "HIDDEN" not in text
