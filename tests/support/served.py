"""gunicorn as it is deployed, asked over HTTP as a browser does, and the memory of its workers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import psutil
from django.contrib.auth.models import User
from django.test import Client

from tests.support.manage import SECRET_KEY, database_url
from tests.support.paths import PROJECT

SECONDS = 60
TOKEN = "t" * 32  # against forged requests: in the cookie and in the form
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "what-no-archive-has"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
MEGABYTE = 1024 * 1024
READS_PEAKS = Path("/proc/self/status").exists()  # only Linux tells the peak of a process


class Server:
    """A running gunicorn with one worker."""

    def __init__(self, *, quiet: bool) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.web.served_settings",
            "DEBUG": "0",
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": database_url(),
            "ALLOWED_HOSTS": "127.0.0.1",
            "WEB_CONCURRENCY": "1",
        }
        command = ["gunicorn", "--config", "deploy/gunicorn.conf.py", "config.wsgi"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command, "--bind", f"127.0.0.1:{self.port}"],
            cwd=PROJECT,
            env=environment,
            stderr=subprocess.DEVNULL if quiet else None,  # it has a line for each request
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def post(self, path: str, form: str, body: bytes | Iterable[bytes], session: str = "") -> int:
        """Send a form; return the status of the answer."""
        with self.answer("POST", path, session, form, body) as response:
            response.read()
            return response.status

    def get(self, path: str, session: str) -> int:
        """Return the status of a page, once it has been read."""
        with self.answer("GET", path, session) as response:
            while response.read(MEGABYTE):
                pass
            return response.status

    @contextmanager
    def answer(
        self,
        method: str,
        path: str,
        session: str,
        form: str = FORM,
        body: bytes | Iterable[bytes] | None = None,
    ) -> Iterator[HTTPResponse]:
        """Yield an answer that has begun."""
        headers = {
            "Content-Type": form,
            "Cookie": f"csrftoken={TOKEN}; sessionid={session}",
            "X-CSRFToken": TOKEN,
            "X-Forwarded-Proto": "https",
            "Referer": f"https://127.0.0.1:{self.port}/",
        }
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10 * SECONDS)) as connection:
            connection.request(method, path, body, headers)
            yield connection.getresponse()

    def peak(self) -> int:
        """Return the most memory that the only worker has had, in megabytes."""
        return int(self._status("VmHWM").split()[1]) // 1024

    def forget_peak(self) -> None:
        """Begin anew, from what the worker has now."""
        Path(f"/proc/{self._worker}/clear_refs").write_text("5")

    @property
    def _worker(self) -> int:
        (worker,) = psutil.Process(self.process.pid).children()
        return worker.pid

    def _status(self, name: str) -> str:
        lines = Path(f"/proc/{self._worker}/status").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith(name))
        return line


@contextmanager
def served(*, quiet: bool = False) -> Iterator[Server]:
    """Run a server for as long as the block runs."""
    server = Server(quiet=quiet)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.process.terminate()
        server.process.wait(SECONDS)


def session_of(user: User) -> str:
    """Log a user in; return the value of the cookie.

    Server and caller must have the same ``SECRET_KEY``.
    """
    client = Client()
    client.force_login(user)
    return str(client.cookies["sessionid"].value)


def multipart(name: str, content: bytes, file: str = "") -> bytes:
    """Encode one field or file, the last of its form."""
    disposition = f'form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n"
    return b"%b%b\r\n--%b--\r\n" % (head.encode(), content, BOUNDARY.encode())
