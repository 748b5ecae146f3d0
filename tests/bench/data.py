"""Rows to measure with, written by PostgreSQL itself within seconds, past all triggers."""

from __future__ import annotations

import random

from django.contrib.auth.models import User

from tests.bench.databases import execute
from tests.support.factories import make_user
from tests.support.large_ledger import refill_campaigns

A_CAMPAIGN = 50  # sessions
WORDS = 2000


def words(size: int) -> str:
    """Return a text of so many bytes that compresses as prose does, the same each time."""
    chance = random.Random(1)
    vocabulary = [
        "".join(chance.choices("etaoinshrdlucmfw", k=chance.randint(2, 9))) for _ in range(WORDS)
    ]
    weights = [1 / rank for rank in range(1, WORDS + 1)]
    return " ".join(chance.choices(vocabulary, weights, k=size // 3))[:size]


def add_sessions(count: int, kilobytes: float, *, owner: User | None = None) -> User:
    """Add sessions with transcripts, in campaigns of fifty; none is in the ledger."""
    owner = owner or make_user()
    campaigns = -(-count // A_CAMPAIGN)
    refill_campaigns(campaigns, owner.pk)
    size = round(kilobytes * 1024)
    texts = words(size + 100_000)
    execute("SET session_replication_role = replica")
    execute(
        "INSERT INTO sessions_app_session (id, owner_id, campaign_id, name, description, notes,"
        " summary, player_recap, transcript_text, audio_storage_key, transcription_job_id,"
        " created_at, updated_at)"
        " SELECT md5('session' || number)::uuid, %s, md5((number / %s)::text)::uuid,"
        " 'Session ' || number, '', substr(texts, 1 + number %% 1000, 300), '', '',"
        " number || ' ' || substr(texts, 1 + (number * 37) %% 100000, %s), '', '',"
        " now() - number * interval '1 minute', now()"
        " FROM generate_series(0, %s) AS numbers(number), (SELECT %s::text AS texts) AS given",
        owner.pk,
        A_CAMPAIGN,
        size,
        count - 1,
        texts,
    )
    execute("SET session_replication_role = DEFAULT")
    execute("VACUUM ANALYZE sessions_app_session")
    return owner
