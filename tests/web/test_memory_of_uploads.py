"""A worker of the web server keeps within 300 MB, whatever is sent to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from config.web.uploads import ENCODED_FORM_BYTES, FORM_BYTES, MEGABYTE, STAFF_FORM_BYTES
from sessions_app.models import Session
from sessions_app.transcripts.detect import MAX_TEXT_BYTES
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.manage import SECRET_KEY, database_url
from tests.support.paths import PROJECT

ALLOWED = 300  # MB
SECONDS = 60
TOKEN = "t" * 32  # against forged requests: in the cookie and in the form
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


class Server:
    """gunicorn as it is deployed, with one worker."""

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
            "WEB_CONCURRENCY": "1",
        }
        command = ["gunicorn", "--config", "deploy/gunicorn.conf.py", "config.wsgi"]
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

    def get(self, path: str, session: str) -> int:
        headers = {"Cookie": f"sessionid={session}", "X-Forwarded-Proto": "https"}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as connection:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            while response.read(MEGABYTE):
                pass
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
    assert server.post(login, FORM, b"a=" + b"%41" * (FORM_BYTES // 3 - 1)) == 413
    assert server.post(login, FORM, b"a=" + b"%41" * (ENCODED_FORM_BYTES // 3 - 1)) == 200
    assert server.post(login, FORM, b"x" * 24 * MEGABYTE) == 413
    with suppress(ConnectionError):  # in pieces, without a length: the server hangs up
        server.post(login, FORM, (b"x" * MEGABYTE for _ in range(100)))
    too_large = multipart("file", b"x" * 60 * MEGABYTE, "a.txt")
    assert server.post(edit, MULTIPART, too_large, gm_session) == 200
    assert server.post(edit, MULTIPART, multipart("text", wide), gm_session) == 413
    assert server.post(edit, MULTIPART, multipart("file", text, "a.txt"), gm_session) == 302
    assert server.post(admin, MULTIPART, invalid, boss_session) == 200
    assert server.peak() < ALLOWED, server.peak()


def long_evening() -> bytes:
    """Return what is read of 100,000 words, as Amazon Transcribe writes them, in 64 MB."""
    item = (
        '{"id":%d,"type":"pronunciation","alternatives":[{"confidence":"0.999","content":"word"}],'
        '"start_time":"%d.1","end_time":"%d.2","speaker_label":"spk_%d","theirs":"'
        + "x" * 150
        + '"}'
    )
    words = [item % (n, n, n, n // 20 % 6) for n in range(100_000)]
    between = b"," + b" " * 320
    return b'{"results":{"items":[' + between.join(word.encode() for word in words) + b"]}}"


def test_requests_that_come_at_once_take_no_more(server: Server, settings: Settings) -> None:
    settings.SECRET_KEY = SECRET_KEY
    gm = make_user()
    cookie, campaign = session_of(gm), make_campaign(gm)
    sessions = [make_session(gm, campaign) for _ in range(2)]
    evening = long_evening()
    assert 60 * MEGABYTE < len(evening) < 64 * MEGABYTE
    upload = multipart("file", evening, "a.json")

    def send(path: str) -> int:
        while (status := server.post(path, MULTIPART, upload, cookie)) == 503:
            pass  # a busy machine: it is sent again, as the page says
        return status

    def download(path: str) -> int:
        return server.get(path, cookie)

    with ThreadPoolExecutor() as threads:
        edit = [f"/sessions/{session.pk}/transcript/edit/" for session in sessions]
        assert list(threads.map(send, edit)) == [302, 302]
        answers = [
            threads.submit(send, "/sessions/import/"),
            threads.submit(download, f"/campaigns/{campaign.pk}/export/"),
            threads.submit(download, f"/sessions/{sessions[0].pk}/export/?as=json"),
            threads.submit(download, f"/sessions/{sessions[1].pk}/transcript/"),
        ]
        assert [answer.result() for answer in answers] == [200] * 4
    assert Session.objects.filter(transcript_json__isnull=False).count() == 3
    assert server.peak() < ALLOWED, server.peak()
