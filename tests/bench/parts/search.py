"""A search in many long evenings of one game master, beside a search without an index."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from django.contrib.auth.models import User
from django.test import Client

from sessions_app.models import Session
from tests.bench.data import words
from tests.bench.databases import execute, fresh, query
from tests.bench.parts.pages import RESULTS, TRANSCRIPT, serving, times_of, transcript
from tests.bench.sizes import Sizes
from tests.bench.table import Row, at_most
from tests.support.factories import make_session, make_user

TEXTS = 10  # different evenings; the others are copies
RARE = "zymurgy at dusk"
OF_THE = 211  # In real evenings, each pair of words of so many is "of the", the most common one.


def measure(sizes: Sizes) -> Iterator[Row]:
    """Search for a phrase of one evening, and for one that all evenings have many times."""
    with fresh(), serving():
        owner = make_user()
        common = _add_evenings(owner, sizes.evenings)
        client = Client()
        client.force_login(owner)
        for kind, phrase in (("rare", RARE), ("common", common)):
            title = f"a {kind} phrase in {sizes.evenings:,} evenings of {TRANSCRIPT} KB"
            p50, p95 = times_of(client, f'/search/?q="{phrase}"', sizes.requests)
            yield Row(f"{title}, p50", "ms", p50, "icontains", _without_index(owner, phrase))
            yield Row(f"{title}, p95", "ms", p95, target=at_most(100))


def _without_index(owner: User, phrase: str) -> float:
    """Return how long one takes to count the sessions and to read the first page, in ms."""
    started = time.perf_counter()
    found = Session.objects.for_list().filter(owner=owner, transcript_text__icontains=phrase)
    found.count()
    list(found[:RESULTS])
    return 1000 * (time.perf_counter() - started)


def _add_evenings(owner: User, count: int) -> str:
    """Add evenings, most past the triggers; return a pair of words as common as "of the"."""
    size = TRANSCRIPT * 1024
    text = words(TEXTS * size)
    evenings = [
        "\n".join(transcript(text[start : start + size])) for start in range(0, len(text), size)
    ]
    for evening in evenings:
        make_session(owner, transcript_text=evening)
    ((index,),) = query("SELECT indexdef FROM pg_indexes WHERE indexname = 'search_text_keys'")
    execute("SET session_replication_role = replica")
    execute("SET maintenance_work_mem = '512MB'")
    execute("DROP INDEX search_text_keys")
    execute(
        "CREATE TABLE copies AS SELECT id AS old, gen_random_uuid() AS new"
        " FROM sessions_app_session, generate_series(2, %s)",
        count // TEXTS,
    )
    execute(
        "INSERT INTO sessions_app_session"
        " SELECT (jsonb_populate_record(session, jsonb_build_object('id', new))).*"
        " FROM sessions_app_session AS session JOIN copies ON old = id"
    )
    execute(
        "INSERT INTO sessions_app_searchtext (owner_id, session_id, kind, lines, text, words)"
        " SELECT owner_id, new, kind, lines, text, words"
        " FROM sessions_app_searchtext JOIN copies ON old = session_id"
    )
    execute(index)
    execute("SET session_replication_role = DEFAULT")
    make_session(owner, transcript_text=f"{evenings[0]}\nLAURA: The {RARE}.")
    execute("VACUUM ANALYZE")
    pairs = Counter(pairwise(text[:size].split()))
    expected = pairs.total() / OF_THE
    pair = min(pairs, key=lambda pair: abs(pairs[pair] - expected))
    return " ".join(pair)
