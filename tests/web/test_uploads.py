"""The limit for uploads, and the answer to those that exceed it."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import StopUpload
from django.test import Client

from config.web import uploads
from config.web.uploads import MeasuredUpload
from sessions_app.models import Session
from tests.support.factories import make_session

MAX_FILE_BYTES = 1024 * 1024


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A low limit: it takes long to send as much as the real one."""
    monkeypatch.setattr(uploads, "MAX_FILE_BYTES", MAX_FILE_BYTES)


@pytest.fixture
def path(owner: User) -> str:
    """The form for the transcript of a session."""
    return f"/sessions/{make_session(owner).pk}/transcript/edit/"


def test_a_file_of_that_size_is_accepted(gm: Client, path: str) -> None:
    content = (b"MATT:" + b" word" * 19 + b"\n") * (MAX_FILE_BYTES // 101)
    file = SimpleUploadedFile("log.txt", content)
    assert gm.post(path, {"file": file}).status_code == 302
    assert len(Session.objects.get().transcript_text) == len(content)


@pytest.mark.parametrize("size", [MAX_FILE_BYTES + 1, 4 * MAX_FILE_BYTES])
@pytest.mark.parametrize("debug", [False, True])
def test_a_larger_file_is_answered_with_a_page(
    gm: Client, path: str, size: int, debug: bool, settings: Any
) -> None:
    settings.DEBUG = debug
    response = gm.post(path, {"file": SimpleUploadedFile("log.txt", b"x" * size)})
    assert response.status_code == 413
    assert b"That file is too large" in response.content
    assert not Session.objects.get().has_transcript


def test_the_limit_is_for_all_files_of_a_request_together(client: Client) -> None:
    half = b"x" * (MAX_FILE_BYTES // 2)
    files = {f"file{number}": SimpleUploadedFile("a.txt", half) for number in range(3)}
    assert client.post("/accounts/login/", files).status_code == 413


def test_a_text_that_is_too_large_is_refused_as_well(gm: Client, path: str) -> None:
    assert gm.post(path, {"text": "x" * 25 * 1024 * 1024}).status_code == 413


def test_the_handler_stops_at_the_limit() -> None:
    handler = MeasuredUpload()
    handler.new_file("file", "log.txt", "text/plain", 0)
    chunk = b"x" * 65536
    for start in range(0, MAX_FILE_BYTES, len(chunk)):
        assert handler.receive_data_chunk(chunk, start) == chunk
    with pytest.raises(StopUpload):
        handler.receive_data_chunk(b"x", MAX_FILE_BYTES)


def test_a_client_of_a_real_server_receives_the_answer(live_server: Any) -> None:
    """Even though the form does not read the upload to its end."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    body = head + b"x" * (3 * MAX_FILE_BYTES) + b"\r\n--x--\r\n"
    connection = HTTPConnection(live_server.thread.host, live_server.thread.port, timeout=20)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    connection.request("POST", "/accounts/login/", body, headers)
    response = connection.getresponse()
    assert response.status == 413
    assert b"That file is too large" in response.read()
    connection.close()
