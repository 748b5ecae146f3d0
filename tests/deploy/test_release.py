"""A release, built and run as docs/deploy.md says, by the lines of the document and the units."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from mirror.stores.clients import Stores
from mirror.sync import worker
from tests.faults.emulators import free_port
from tests.support.factories import make_campaign
from tests.support.manage import SECRET_KEY, database_url
from tests.support.paths import PROJECT

GUIDE = (PROJECT / "docs" / "deploy.md").read_text()
SITE = "tabletop.example.org"  # as in deploy/environment.example
CLEAN = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
HTTPS = {"Host": SITE, "X-Forwarded-Proto": "https"}


def build_lines() -> str:
    """Return the lines of step 3 that follow the installation of the packages."""
    block = GUIDE.partition("requirements.txt\n")[2].partition("   ln -sfn")[0]
    assert "collectstatic" in block
    return block


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a built release."""
    ignored = shutil.ignore_patterns(".*", "staticfiles", "__pycache__", "tests")
    folder = Path(
        shutil.copytree(PROJECT, tmp_path_factory.mktemp("r") / "release", ignore=ignored)
    )
    (folder / ".venv").symlink_to(sys.prefix)
    subprocess.run(
        ["/bin/bash", "-euc", build_lines()], cwd=folder, env=CLEAN, check=True, timeout=100
    )
    return folder


@pytest.fixture
def environment(mirror: Stores, aws_address: str) -> dict[str, str]:
    """What systemd would read from the example, with the values of this machine."""
    lines = (PROJECT / "deploy" / "environment.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {
        **CLEAN,
        **example,
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database_url(),
        "DYNAMODB_TABLE_NAME": mirror.items.table,
        "AWS_S3_BUCKET_NAME": mirror.objects.bucket,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": aws_address,
    }


def start_of(unit: str, release: Path) -> list[str]:
    """Return the command of a service, for this release."""
    text = (release / "deploy" / "systemd" / f"tabletop-{unit}.service").read_text()
    line = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)
    assert line
    return line[1].replace("/srv/tabletop/current", str(release)).split()


@contextmanager
def running(
    release: Path, environment: dict[str, str], log: Path, workers: int = 1
) -> Iterator[int]:
    """Run the web server for as long as the block runs; yields its port."""
    port = free_port()
    command = [*start_of("web", release), "--bind", f"127.0.0.1:{port}", f"--workers={workers}"]
    with (
        log.open("w") as file,
        subprocess.Popen(
            command, cwd=release, env=environment, stdout=file, stderr=file
        ) as process,
    ):
        try:
            wait_until_it_serves(process, log)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=40)


def wait_until_it_serves(process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + 60
    while "Booting worker" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < limit, log.read_text()
        time.sleep(0.05)


def ask(
    port: int, path: str, headers: dict[str, str], form: str | None = None
) -> http.client.HTTPResponse:
    return read(port, path, headers, form)[0]


def read(
    port: int, path: str, headers: dict[str, str], form: str | None = None
) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST" if form else "GET", path, form, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def test_the_web_server_serves_and_logs_no_secret(
    release: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with running(release, environment, log) as port:
        assert ask(port, "/healthz", {"Host": "10.1.2.3"}).status == 200  # as a load balancer asks
        assert ask(port, "/accounts/login/", HTTPS).status == 200
        assert ask(port, "/accounts/login/", {"Host": SITE}).status == 301  # not TLS
        assert ask(port, "/accounts/login/", {**HTTPS, "Host": "elsewhere"}).status == 400
        for path in (
            "/share/HIDDEN/",
            "/share/campaign/HIDDEN/",
            "/accounts/password/reset/MQ/HIDDEN/",
            "/accounts/email/HIDDEN/",
            "/search/?q=HIDDEN",
        ):
            answer = ask(port, path, {**HTTPS, "Referer": f"https://{SITE}/share/HIDDEN/"})
            assert answer.status in {200, 302, 404}
    text = log.read_text()  # after the end: a request is logged after its answer
    assert '"GET /share/…/" 404' in text
    assert re.search(r"INFO gunicorn.access \[[0-9a-f]{32}\] ", text)
    assert '"GET /accounts/password/reset/MQ/…/" 200' in text
    assert '"GET /search/" 302' in text
    assert "HIDDEN" not in text


def test_each_process_of_the_web_server_tells_what_all_of_them_have_mirrored(
    release: Path,
    environment: dict[str, str],
    tmp_path: Path,
    client: Client,
    owner: User,
    settings: Settings,
) -> None:
    settings.SECRET_KEY = SECRET_KEY
    client.force_login(owner)
    token, csrf = "a-token-of-twenty-characters", "a" * 32
    environment |= {"METRICS_TOKEN": token, "TMPDIR": str(tmp_path)}
    visitor = {
        **HTTPS,
        "Origin": f"https://{SITE}",
        "Cookie": f"sessionid={client.cookies['sessionid'].value}; csrftoken={csrf}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    line = 'mirror_attempts_total{model="campaigns.campaign",outcome="mirrored"} '
    with running(release, environment, tmp_path / "log", workers=2) as port:
        for number in range(1, 5):  # two processes take turns, more or less
            form = f"name={number}&csrfmiddlewaretoken={csrf}"
            assert ask(port, "/campaigns/new/", visitor, form).status == 302
            told = read(port, "/metrics", {"Authorization": f"Bearer {token}"})[1]
            assert f"{line}{number}.0\n" in told
        assert list(tmp_path.glob("tabletop-counters-*/counter_*.db"))
    assert not list(tmp_path.glob("tabletop-counters-*"))


@pytest.mark.parametrize("unit", ["check", "clearsessions"])
def test_what_a_timer_starts_ends_well(
    unit: str, release: Path, environment: dict[str, str], owner: User
) -> None:
    make_campaign(owner)
    worker.drain()
    done = subprocess.run(
        start_of(unit, release),
        cwd=release,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert unit == "clearsessions" or "100 % in sync: 1 of 1 rows" in done.stdout


def test_the_image_is_built_by_the_same_lines() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    for line in ("collectstatic --no-input", "compileall -q"):
        (guide,) = re.findall(rf"\.venv/bin/python [^\n]*{line}[^\n&]*", build_lines())
        assert guide.strip() in dockerfile
    variables = re.findall(r"\b(?:DATABASE_URL|MIRROR_ENABLED|SECRET_KEY)=\S+", build_lines())
    assert len(variables) == 3
    assert all(variable in dockerfile for variable in variables)
