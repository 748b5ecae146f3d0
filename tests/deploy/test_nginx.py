"""The example configuration of nginx: valid, and no token reaches its logs."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.emulators import free_port, running_server
from tests.support.paths import PROJECT

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a certificate, and the configuration changed to use it, and free ports."""
    subprocess.run(
        [
            str(OPENSSL), "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
            "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem",
        ],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return tmp_path


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run nginx, with nothing behind it, for as long as the block runs; yields its address."""
    port = free_port()
    text = (PROJECT / "deploy" / "nginx.conf").read_text()
    for old, new in (
        ("/etc/letsencrypt/live/tabletop.example.org", str(folder)),
        ("/var/log/nginx", str(folder)),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("    listen [::]:80;\n", ""),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("listen 80", f"listen 127.0.0.1:{free_port()}"),
        ("127.0.0.1:8000", f"127.0.0.1:{free_port()}"),
    ):
        assert old in text
        text = text.replace(old, new)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\n{temporary}{text}}}\n"
    )
    command = [str(NGINX), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    subprocess.run([*command, "-t"], check=True, capture_output=True, timeout=60)
    with running_server([*command, "-g", "daemon off;"], port):
        yield f"https://127.0.0.1:{port}"


def test_the_log_has_paths_but_no_tokens_queries_or_referrers(folder: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    with running(folder) as server:
        for path in (
            "/share/HIDDEN/",
            "/share/campaign/HIDDEN/",
            "/share/HIDDEN/?x=HIDDEN",
            "//share/HIDDEN/",
            "/accounts/password/reset/HIDDEN/HIDDEN/",
            "/accounts/password/reset/",
            "/accounts/email/HIDDEN/",
            "/search/?q=HIDDEN",
        ):
            request = urllib.request.Request(
                server + path, headers={"Referer": f"{server}/share/HIDDEN/"}
            )
            with pytest.raises(urllib.error.HTTPError, match="502"):  # there is nothing behind it
                urllib.request.urlopen(request, context=trusting, timeout=10)
    # After the end: a request is logged after its answer.
    lines = (folder / "tabletop.log").read_text().splitlines()
    assert [line.split('"')[1] for line in lines] == [
        "GET /share/...",
        "GET /share/...",
        "GET /share/...",
        "GET /share/...",
        "GET /accounts/password/reset/...",
        "GET /accounts/password/reset/",
        "GET /accounts/email/...",
        "GET /search/",
    ]
    assert "HIDDEN" not in "".join(
        path.read_text() for path in folder.iterdir() if path.suffix == ".log"
    )
