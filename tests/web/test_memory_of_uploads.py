"""A worker of the web server keeps within 300 MB, whatever is sent to it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from pytest_django.fixtures import Settings

from config.web.uploads import ENCODED_FORM_BYTES, FORM_BYTES, MEGABYTE, STAFF_FORM_BYTES
from sessions_app.models import Session
from sessions_app.transcripts.detect import MAX_TEXT_BYTES
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.manage import SECRET_KEY
from tests.support.served import (
    BOUNDARY,
    FORM,
    MULTIPART,
    READS_PEAKS,
    Server,
    multipart,
    served,
    session_of,
)

ALLOWED = 300  # MB


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    if not READS_PEAKS:
        pytest.skip("Only Linux tells the peak of a process.")
    with served() as server:
        yield server


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
    no_name = multipart("name", b"").removesuffix(b"--%b--\r\n" % BOUNDARY.encode())
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
    session = make_session(gm, campaign)
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
        imported = threads.submit(send, "/sessions/import/")
        assert send(f"/sessions/{session.pk}/transcript/edit/") == 302
        answers = [
            imported,
            threads.submit(download, f"/campaigns/{campaign.pk}/export/"),
            threads.submit(download, f"/sessions/{session.pk}/export/?as=json"),
            threads.submit(download, f"/sessions/{session.pk}/transcript/"),
        ]
        assert [answer.result() for answer in answers] == [200] * 4
    assert Session.objects.filter(transcript_json__isnull=False).count() == 2
    assert server.peak() < ALLOWED, server.peak()
