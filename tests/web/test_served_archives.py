"""The archive of a campaign is sent and imported evening by evening, whatever their number."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from campaigns.models import Campaign
from sessions_app.models import Session
from tests.support.factories import make_campaign, make_session, make_user
from tests.support.manage import SECRET_KEY
from tests.support.served import MULTIPART, READS_PEAKS, Server, multipart, served, session_of

FEW, MANY = 3, 15
MORE = 10  # MB: what the twelve evenings more would take twice if they were kept, even packed


@pytest.fixture
def server(transactional_db: None, settings: Settings) -> Iterator[Server]:
    if not READS_PEAKS:
        pytest.skip("Only Linux tells the peak of a process.")
    settings.SECRET_KEY = SECRET_KEY  # the server and this process know the same sessions
    with served() as server:
        yield server


def add_evenings(owner: User, count: int) -> Campaign:
    """Add a campaign of evenings of a megabyte that cannot be packed to less than half of it."""
    campaign = make_campaign(owner, f"{count}")
    chance = random.Random(1)
    text = "\n".join(f"MATT: {chance.randbytes(500).hex()}" for _ in range(1000))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no index of nonsense
        for number in range(count):
            make_session(owner, campaign, f"Evening {number:02}", transcript_text=text)
        cursor.execute("SET LOCAL session_replication_role = origin")
    return campaign


@pytest.mark.timeout(300)
def test_memory_does_not_grow_with_the_evenings_of_a_campaign(server: Server) -> None:
    owner, heir = make_user(), make_user("heir")
    cookie, cookie_of_heir = session_of(owner), session_of(heir)
    archives, peaks = {}, {}
    campaigns = {count: add_evenings(owner, count) for count in (FEW, MANY)}
    server.get(f"/campaigns/{campaigns[FEW].pk}/export/", cookie)  # the first one loads modules
    for count, campaign in campaigns.items():
        with server.answer("GET", f"/campaigns/{campaign.pk}/export/", cookie) as answer:
            data = answer.read(1)
            if count == MANY:  # a session is read when its turn comes, not before the first byte
                campaign.sessions.get(name="Evening 14").delete()
            data += answer.read()
        peaks["download", count] = server.peak()
        archives[count] = data
    with zipfile.ZipFile(io.BytesIO(archives[MANY])) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert "15/Evening 13.json" in names
        assert "15/Evening 14.json" not in names
    assert peaks["download", MANY] - peaks["download", FEW] < MORE, peaks

    for count in (FEW, MANY):
        upload = multipart("file", archives[count], "evenings.zip")
        assert server.post("/sessions/import/", MULTIPART, upload, cookie_of_heir) == 200
        peaks["import", count] = server.peak()
    assert Session.objects.filter(owner=heir).count() == FEW + MANY - 1
    assert peaks["import", MANY] - peaks["import", FEW] < MORE, peaks
