"""The archive of a campaign of long evenings: downloaded, imported, and others served meanwhile.

gunicorn runs as it is deployed, with one worker, and is asked as a browser asks it.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO
from uuid import UUID

from django.contrib.auth.models import User

from campaigns.models import Campaign
from sessions_app.models import Session
from sessions_app.transcripts import put_transcript, read_transcript
from tests.bench.data import words
from tests.bench.databases import execute, fresh, query
from tests.bench.processes import Failed, command
from tests.bench.sizes import Sizes
from tests.bench.table import Row, at_most
from tests.support.factories import make_campaign, make_user
from tests.support.served import MULTIPART, Server, multipart, served, session_of
from tests.support.transcribe_files import as_job

A_TURN = 20  # words
LONGEST = 1800.0  # seconds that an import by the command may take
PAUSE = 0.2  # seconds between two requests for another page
MEMORY = at_most(300)  # megabytes
COLUMNS = (
    "name, notes, transcript_text, transcript_json::text, speaker_names::text, metrics::text,"
    " created_at"
)


@dataclass
class Watch:
    """What one work of the server cost."""

    seconds: float = 0.0
    peak: float = 0.0
    slowest: dict[str, float] = field(default_factory=dict)  # of each other page

    def rows(self, title: str) -> Iterator[Row]:
        """Yield its rows."""
        yield Row(f"{title}: whole", "s", self.seconds)
        yield Row(f"{title}: peak memory", "MB", self.peak, target=MEMORY)
        for page, seconds in self.slowest.items():
            yield Row(f"{title}: slowest {page} meanwhile", "s", seconds)


def measure(sizes: Sizes) -> Iterator[Row]:
    """Download a campaign, bring it back in two ways, and compare it."""
    count, length = sizes.archive
    with fresh(), served(quiet=True) as server, tempfile.NamedTemporaryFile(suffix=".zip") as file:
        owner, reader, heir = make_user(), make_user("reader"), make_user("heir")
        evening, campaign = _add_evenings(owner, count, length)
        title = f"{count} evenings of {evening / 1e6:.0f} MB"
        pages = _pages(reader, length)
        download = Watch()
        with _watched(server, reader, pages, download):
            first = _download(server, owner, campaign, file)
        yield Row(f"archive of {title}: first byte", "s", first, target=at_most(1))
        yield Row(f"archive of {title}: size", "MB", file.tell() / 1e6)
        yield from download.rows(f"archive of {title}")
        by_page = Watch()
        with _watched(server, reader, pages, by_page):
            slowest = _import_one_by_one(server, heir, file)
        _require_equal(owner, heir)
        yield Row(f"import of {title}: slowest evening", "s", slowest)
        yield from by_page.rows(f"import of {title}")
        Session.objects.filter(owner=heir).delete()
        done = command("import_transcripts", "--owner", "heir", file.name)().wait(LONGEST)
        if done.code:
            raise Failed(done.output[-2000:])
        _require_equal(owner, heir)
        yield Row(f"import_transcripts of {title}", "s", done.seconds)
        yield Row(f"import_transcripts of {title}: peak memory", "MB", done.peak, target=MEMORY)


def _add_evenings(owner: User, count: int, length: int) -> tuple[int, Campaign]:
    """Add a campaign of equal evenings; return the bytes of one, and the campaign."""
    campaign = make_campaign(owner)
    data, first = _evening(owner, length, "Evening 1")
    Session.objects.filter(pk=first).update(campaign=campaign, notes=words(20_000))
    execute("SET session_replication_role = replica")
    execute(
        "INSERT INTO sessions_app_session"
        " SELECT (jsonb_populate_record(session, jsonb_build_object("
        "  'id', gen_random_uuid(), 'name', 'Evening ' || number))).*"
        " FROM sessions_app_session AS session, generate_series(2, %s) AS numbers(number)",
        count,
    )
    execute("SET session_replication_role = DEFAULT")
    return data, campaign


def _evening(owner: User, length: int, name: str) -> tuple[int, UUID]:
    """Add a session of so many words; return the bytes of its JSON, and its id."""
    spoken = words(length * 8).split()[:length]
    lines = [
        f"spk_{start // A_TURN % 6}: {' '.join(spoken[start : start + A_TURN])}"
        for start in range(0, length, A_TURN)
    ]
    data = json.dumps(as_job(lines)).encode()
    session = Session(owner=owner, name=name)
    put_transcript(session, read_transcript(data, "evening.json"))
    session.save()
    return len(data), session.pk


def _pages(reader: User, length: int) -> dict[str, str]:
    """Return the pages that somebody else reads; that of a transcript waits for its turn."""
    _, session = _evening(reader, length, "Mine")
    return {"dashboard": "/", "transcript": f"/sessions/{session}/transcript/"}


def _download(server: Server, owner: User, campaign: Campaign, file: IO[bytes]) -> float:
    """Download the archive; return after how many seconds its first byte came."""
    path, cookie = f"/campaigns/{campaign.pk}/export/", session_of(owner)
    started = time.perf_counter()
    with server.answer("GET", path, cookie) as answer:
        file.write(answer.read(1))
        first = time.perf_counter() - started
        while chunk := answer.read(64 * 1024):
            file.write(chunk)
    file.flush()
    return first


def _import_one_by_one(server: Server, heir: User, file: IO[bytes]) -> float:
    """Send each export of an archive by itself, as the page's script does; return the slowest."""
    cookie, slowest = session_of(heir), 0.0
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.endswith(".json")]
        for name in names:  # the campaign is the first one
            upload = multipart("file", archive.read(name), "evening.json")
            started = time.perf_counter()
            status = server.post("/sessions/import/", MULTIPART, upload, cookie)
            slowest = max(slowest, time.perf_counter() - started)
            if status != 200:
                raise Failed(f"the import of {name} is answered with {status}")
    return slowest


def _require_equal(owner: User, heir: User) -> None:
    wanted, got = (
        query(
            f"SELECT count(*), md5(string_agg(md5(ROW({COLUMNS})::text), ' ' ORDER BY name))"
            " FROM sessions_app_session WHERE owner_id = %s",
            user.pk,
        )
        for user in (owner, heir)
    )
    if wanted != got:
        raise Failed("what was imported is not what was exported")


@contextmanager
def _watched(server: Server, reader: User, pages: dict[str, str], watch: Watch) -> Iterator[None]:
    """Time the block, and each of ``pages``, which somebody reads again and again meanwhile."""
    done = threading.Event()
    readers = [
        threading.Thread(target=_read, args=(server, session_of(reader), page, path, watch, done))
        for page, path in pages.items()
    ]
    for path in pages.values():  # the first request of a worker loads its templates
        server.get(path, session_of(reader))
    server.forget_peak()
    started = time.perf_counter()
    for thread in readers:
        thread.start()
    try:
        yield
        watch.seconds = time.perf_counter() - started
        watch.peak = server.peak()
    finally:
        done.set()
        for thread in readers:
            thread.join()


def _read(
    server: Server, cookie: str, page: str, path: str, watch: Watch, done: threading.Event
) -> None:
    watch.slowest[page] = 0.0
    while not done.wait(PAUSE):
        started = time.perf_counter()
        if server.get(path, cookie) != 200:
            watch.slowest[page] = float("inf")
        watch.slowest[page] = max(watch.slowest[page], time.perf_counter() - started)
