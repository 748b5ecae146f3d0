"""A worker of the web server keeps within 300 MB, whatever is sent to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from config.web.uploads import FORM_BYTES, MEGABYTE, STAFF_FORM_BYTES
from sessions_app.transcripts.detect import MAX_TEXT_BYTES
from tests.support.factories import make_session, make_user
from tests.support.manage import SECRET_KEY, database_url
from tests.support.paths import PROJECT

ALLOWED = 300  # MB
SECONDS = 60
TOKEN = "t" * 32  # against forged requests: in the cookie and in the form
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


class Server:
    """gunicorn with one worker."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.web.served_settings",
            "DEBUG": "0",
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": database_url(),
            "ALLOWED_HOSTS": "127.0.0.1",
        }
        command = ["gunicorn", "config.wsgi", "--no-control-socket"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command, "--bind", f"127.0.0.1:{self.port}"],
            cwd=PROJECT,
            env=environment,
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
        headers = {
            "Content-Type": form,
            "Cookie": f"csrftoken={TOKEN}; sessionid={session}",
            "X-CSRFToken": TOKEN,
            "X-Forwarded-Proto": "https",
            "Referer": f"https://127.0.0.1:{self.port}/",
        }
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as connection:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            response.read()
            return response.status

    def peak(self) -> int:
        """Return the most memory that the worker has had, in megabytes."""
        (worker,) = psutil.Process(self.process.pid).children()
        lines = Path(f"/proc/{worker.pid}/status").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    if not Path("/proc/self/status").exists():
        pytest.skip("Only Linux tells the peak of a process.")
    server = Server()
    server.wait_until_ready()
    yield server
    server.process.terminate()
    server.process.wait(SECONDS)


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return str(client.cookies["sessionid"].value)


def multipart(name: str, content: bytes, file: str = "") -> bytes:
    """Encode one field or file."""
    disposition = f'form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
    head = f"--x\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
    return head + content + b"\r\n--x--\r\n"


def test_no_request_takes_more_memory(server: Server, settings: Settings) -> None:
    settings.SECRET_KEY = SECRET_KEY  # the server and this process know the same sessions
    gm, boss = make_user(), make_user("boss", is_staff=True, is_superuser=True)
    session = make_session(gm)
    edit = f"/sessions/{session.pk}/transcript/edit/"
    admin = f"/admin/sessions_app/session/{session.pk}/change/"
    gm_session, boss_session = session_of(gm), session_of(boss)
    line = b"MATT:" + b" word" * 19 + b"\n"
    text = line * (MAX_TEXT_BYTES // len(line))
    wide = "\N{DRAGON}".encode() + text  # Python needs four bytes for each character
    no_name = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\r\n'
    invalid = no_name + multipart("transcript_text", wide[: STAFF_FORM_BYTES - 1024])

    login = "/accounts/login/"
    assert server.post(login, FORM, b"a=" + b"%41" * (FORM_BYTES // 3 - 1)) == 200
    assert server.post(login, FORM, b"x" * 24 * MEGABYTE) == 413
    with suppress(ConnectionError):  # in pieces, without a length: the server hangs up
        server.post(login, FORM, (b"x" * MEGABYTE for _ in range(100)))
    too_large = multipart("file", b"x" * 60 * MEGABYTE, "a.txt")
    assert server.post(edit, MULTIPART, too_large, gm_session) == 200
    assert server.post(edit, MULTIPART, multipart("text", wide), gm_session) == 413
    assert server.post(edit, MULTIPART, multipart("file", text, "a.txt"), gm_session) == 302
    assert server.post(admin, MULTIPART, invalid, boss_session) == 200
    assert server.peak() < ALLOWED, server.peak()
