"""Pages of a game master with few and with many sessions, through Django's test client."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

from django.test import Client, override_settings

from sessions_app.models import Session
from tests.bench.data import add_sessions, words
from tests.bench.databases import execute, fresh
from tests.bench.parts.ledger import percentiles
from tests.bench.processes import Failed
from tests.bench.sizes import Sizes
from tests.bench.table import Row, at_most
from tests.support.factories import make_session

TRANSCRIPT = 300  # KB
SMALL = 1  # KB: of all the other sessions
STATIC = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WARM_UP = 2  # requests
NAMED = 50  # one of so many is found by its name
RESULTS = 10  # as many as a page shows
LINE = 100  # characters
LONGEST = 5.0  # seconds for all requests of a page
INDEX = """
    SELECT public.search_put_typed(
            id, owner_id, name, description, notes, summary, player_recap, speaker_names
        ),
        public.search_put_spoken(id, owner_id, transcript_text)
    FROM sessions_app_session
"""


def measure(sizes: Sizes) -> Iterator[Row]:
    """Request each page again and again."""
    few, many = sizes.sessions
    with serving():
        small, large = (_pages(count, sizes.requests) for count in sizes.sessions)
    for page, (p50, p95) in large.items():
        title = f"{page}, {many:,} sessions"
        yield Row(f"{title}, p50", "ms", p50, f"{few:,}", small[page][0])
        yield Row(f"{title}, p95", "ms", p95, target=at_most(50))


def serving() -> override_settings:
    """Prepare this process for a test client, which asks for no files."""
    from django.conf import settings

    gc.collect()
    gc.freeze()  # as config/wsgi.py does
    storages = {**settings.STORAGES, "staticfiles": STATIC}
    middleware = [name for name in settings.MIDDLEWARE if not name.startswith("whitenoise.")]
    return override_settings(STORAGES=storages, MIDDLEWARE=middleware)


def _pages(count: int, requests: int) -> dict[str, tuple[float, float]]:
    """Return p50 and p95 of each page, in ms."""
    with fresh():
        owner = add_sessions(count, SMALL)
        some = f"CASE WHEN split_part(name, ' ', 2)::int % {NAMED} = 0 THEN ' kestrel' ELSE '' END"
        execute(f"UPDATE sessions_app_session SET name = name || {some}".replace("%", "%%"))
        execute(INDEX)  # they were added past the triggers
        campaign = Session.objects.exclude(campaign=None)[0].campaign
        lines = transcript(words(TRANSCRIPT * 1024))
        lines[len(lines) // 2] += " zymurgy"
        phrase = " ".join(lines[-2].split()[-4:-1])
        large = [
            make_session(owner, campaign, transcript_text="\n".join(lines)) for _ in range(RESULTS)
        ]
        execute("VACUUM ANALYZE")
        client = Client()
        client.force_login(owner)
        paths = {
            "dashboard": "/",
            "campaign": f"/campaigns/{large[0].campaign_id}/",
            f"session of {TRANSCRIPT} KB": f"/sessions/{large[0].pk}/",
            f"transcript of {TRANSCRIPT} KB": f"/sessions/{large[0].pk}/transcript/",
            "search": "/search/?q=kestrel",
            f"search, {RESULTS} results of {TRANSCRIPT} KB": "/search/?q=zymurgy",
            f"phrase in transcripts of {TRANSCRIPT} KB": f'/search/?q="{phrase}"',
        }
        return {page: times_of(client, path, requests) for page, path in paths.items()}


def transcript(text: str) -> list[str]:
    """Return the lines of a transcript with this text."""
    return [f"MATT: {text[start : start + LINE]}" for start in range(0, len(text), LINE)]


def times_of(client: Client, path: str, requests: int) -> tuple[float, float]:
    """Request a page so many times, or fewer if it is slow; return p50 and p95, in ms."""
    times: list[float] = []
    until = time.monotonic() + LONGEST
    for number in range(requests + WARM_UP):
        started = time.perf_counter()
        answer = client.get(path, secure=True)
        seconds = time.perf_counter() - started
        if answer.status_code != 200:
            raise Failed(f"{path} answers {answer.status_code}")
        if number >= WARM_UP:
            times.append(1000 * seconds)
        if times and time.monotonic() > until:
            break
    return percentiles(times)
