"""The limits for requests, and the answer to those that exceed them."""

from __future__ import annotations

from http.client import HTTPConnection
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config.web.uploads import FORM_BYTES, MAX_FILE_BYTES, MEGABYTE, STAFF_FORM_BYTES
from config.wsgi import application
from sessions_app.models import Session
from sessions_app.transcripts.detect import MAX_TEXT_BYTES
from tests.support.factories import make_session, make_user

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def path(owner: User) -> str:
    """The form for the transcript of a session."""
    return f"/sessions/{make_session(owner).pk}/transcript/edit/"


class Unread(BytesIO):
    """A body that counts how much of it is read at once."""

    most = 0

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        self.most = max(self.most, len(content))
        return content


def a_file(size: int) -> SimpleUploadedFile:
    line = b"MATT:" + b" word" * 19 + b"\n"
    return SimpleUploadedFile("log.txt", (line * (size // len(line) + 1))[:size])


def test_a_file_of_ten_megabytes_is_accepted(gm: Client, path: str) -> None:
    assert gm.post(path, {"file": a_file(MAX_TEXT_BYTES)}).status_code == 302
    assert len(Session.objects.get().transcript_text) == MAX_TEXT_BYTES


@pytest.mark.parametrize("size", [MAX_TEXT_BYTES + 1, 4 * MAX_TEXT_BYTES])
def test_a_larger_file_is_an_error_of_the_form(gm: Client, path: str, size: int) -> None:
    response = gm.post(path, {"file": a_file(size)})
    assert "log.txt is too long" in response.content.decode()
    assert not Session.objects.get().has_transcript


@pytest.mark.parametrize("debug", [False, True])
def test_files_that_are_too_large_together_are_answered_with_a_page(
    gm: Client, path: str, debug: bool, settings: Any
) -> None:
    settings.DEBUG = debug
    third = b"x" * ((MAX_FILE_BYTES + FORM_BYTES) // 3)
    files = {f"file{number}": SimpleUploadedFile("a.txt", third) for number in range(3)}
    response = gm.post(path, files)
    assert response.status_code == 413
    assert b"That is too large" in response.content


@pytest.mark.parametrize("form", [FORM, "multipart/form-data; boundary=x"])
@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/accounts/signup/", "/sessions/new/", "/admin/"]
)
def test_of_a_large_request_of_a_visitor_nothing_is_kept(
    client: Client, db: None, path: str, form: str
) -> None:
    body = Unread(b"username=" + b"x" * FORM_BYTES)
    request: Any = {"CONTENT_LENGTH": str(len(body.getvalue())), "wsgi.input": body}
    response = client.post(path, content_type=form, **request)
    assert response.status_code == 413
    assert "not logged in" in response.content.decode()
    assert body.most <= 64 * 1024  # read in small pieces, and discarded


def test_without_a_length_nothing_is_read(db: None) -> None:
    body, answers = Unread(b"x" * 10 * MEGABYTE), []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/accounts/login/", "SERVER_NAME": "testserver",
        "SERVER_PORT": "80", "CONTENT_TYPE": FORM, "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": body, "wsgi.url_scheme": "http",
    }  # fmt: skip
    start: Any = lambda status, headers: answers.append(status)  # noqa: E731 - it has no type
    application(environ, start).close()
    assert answers == ["403 Forbidden"]  # there is no token in a form that is not read
    assert body.tell() == 0


def test_a_pasted_transcript_of_the_longest_evening_is_accepted(gm: Client, path: str) -> None:
    text = "MATT: Где мой меч? И кто её унёс?\n" * 40_000
    assert 2 * MEGABYTE < len(text.encode()) < FORM_BYTES
    assert gm.post(path, {"text": text}).status_code == 302
    assert Session.objects.get().transcript_text == text


@pytest.mark.parametrize("staff", [False, True])
def test_only_staff_may_send_large_forms(client: Client, db: None, staff: bool) -> None:
    client.force_login(make_user("gm", is_staff=staff, is_superuser=staff))
    text = "x" * (STAFF_FORM_BYTES - 1024)
    multipart = client.post("/campaigns/new/", {"name": "x", "description": text})
    encoded = client.post("/campaigns/new/", f"name=x&description={text}", content_type=FORM)
    assert multipart.status_code == (302 if staff else 413)
    assert encoded.status_code == 413  # it would take a hundred times as much memory
    text = "x" * (STAFF_FORM_BYTES + 1)
    assert client.post("/campaigns/new/", {"name": "x", "description": text}).status_code == 413


def test_a_large_file_beside_a_large_text_is_refused(gm: Client, path: str) -> None:
    response = gm.post(path, {"text": "x" * FORM_BYTES, "file": a_file(MEGABYTE)})
    assert response.status_code == 413


def test_a_client_of_a_real_server_receives_the_answer(live_server: Any) -> None:
    """Even though the form does not read the upload to its end."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    body = head + b"x" * (30 * MEGABYTE) + b"\r\n--x--\r\n"
    connection = HTTPConnection(live_server.thread.host, live_server.thread.port, timeout=20)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    connection.request("POST", "/accounts/login/", body, headers)
    response = connection.getresponse()
    assert response.status == 413
    assert b"That is too large" in response.read()
    connection.close()
