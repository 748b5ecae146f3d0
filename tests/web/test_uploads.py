"""Uploads are measured while they stream in."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import StopUpload
from django.test import Client

from config.web.uploads import MAX_FILE_BYTES, MeasuredUpload
from sessions_app.models import Session


@pytest.fixture
def path(client: Client, owner: User) -> str:
    client.force_login(owner)
    session = Session.objects.create(owner=owner, name="Evening")
    return f"/sessions/{session.pk}/transcript/edit/"


def test_ten_megabytes_are_welcome(client: Client, path: str) -> None:
    content = (b"MATT:" + b" word" * 19 + b"\n") * (MAX_FILE_BYTES // 101)
    file = SimpleUploadedFile("log.txt", content)
    assert client.post(path, {"file": file}).status_code == 302
    assert len(Session.objects.get().transcript_text) == len(content)


@pytest.mark.parametrize("size", [MAX_FILE_BYTES + 1, 4 * MAX_FILE_BYTES])
@pytest.mark.parametrize("debug", [False, True])
def test_more_is_refused_with_a_friendly_page(
    client: Client, path: str, size: int, debug: bool, settings: Any
) -> None:
    settings.DEBUG = debug
    answer = client.post(path, {"file": SimpleUploadedFile("log.txt", b"x" * size)})
    assert answer.status_code == 413
    assert b"That file is too large" in answer.content
    assert not Session.objects.get().has_transcript


def test_the_limit_holds_for_all_files_of_a_request(client: Client) -> None:
    half = b"x" * (MAX_FILE_BYTES // 2)
    files = {f"file{number}": SimpleUploadedFile("a.txt", half) for number in range(3)}
    assert client.post("/accounts/login/", files).status_code == 413


def test_a_form_that_is_too_large_is_refused_as_well(client: Client, path: str) -> None:
    assert client.post(path, {"text": "x" * 25 * 1024 * 1024}).status_code == 413


def test_reading_stops_at_the_limit() -> None:
    handler = MeasuredUpload()
    handler.new_file("file", "log.txt", "text/plain", 0)
    chunk = b"x" * 65536
    for start in range(0, MAX_FILE_BYTES, len(chunk)):
        assert handler.receive_data_chunk(chunk, start) == chunk
    with pytest.raises(StopUpload):
        handler.receive_data_chunk(b"x", MAX_FILE_BYTES)


def test_a_real_server_answers_who_sends_too_much(live_server: Any) -> None:
    """The answer arrives although the upload is not read to its end by the form."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    body = head + b"x" * (3 * MAX_FILE_BYTES) + b"\r\n--x--\r\n"
    connection = HTTPConnection(live_server.thread.host, live_server.thread.port, timeout=20)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    connection.request("POST", "/accounts/login/", body, headers)
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"That file is too large" in answer.read()
    connection.close()
