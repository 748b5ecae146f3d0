"""Whatever a session holds, its export brings it back."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app.models import Highlight, Session
from sessions_app.transcripts import put_transcript, read_transcript
from tests.support import real_sessions
from tests.support.exported import archive_of, bring_in, exported
from tests.support.factories import make_campaign
from tests.support.transcribe_files import audio_segment, job

pytestmark = pytest.mark.django_db

# What PostgreSQL can store: neither NUL nor halves of surrogate pairs.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
names = texts.filter(str.strip).map(lambda text: text[:100])
numbers = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, values, max_size=3)
sessions = st.fixed_dictionaries(
    {
        "name": names,
        "description": texts,
        "notes": texts,
        "summary": texts,
        "player_recap": texts,
        "transcript_text": texts,
        "transcript_json": st.none() | objects,
        "speaker_names": st.none() | st.dictionaries(texts, texts, min_size=1, max_size=3),
        "metrics": st.none() | objects,
        "audio_storage_key": texts,
        "transcription_job_id": texts,
        "played_on": st.none() | st.dates(date(1, 1, 1)),
    }
)
highlights = st.lists(
    st.fixed_dictionaries(
        {
            "quote": names,
            "speaker": texts,
            "start": st.none() | st.floats(0, 10**6),
            "turn": st.integers(0, 2**31 - 1),
        }
    ),
    max_size=3,
)
NOT_COMPARED = {"updated_at"}


def rows() -> list[dict[str, Any]]:
    """Return all sessions and highlights, without what an import makes anew."""
    marks = Highlight.objects.values("quote", "speaker", "start", "turn", "created_at")
    found: list[Any] = [*Session.objects.order_by("pk").values(), *marks]
    return [{name: row[name] for name in row if name not in NOT_COMPARED} for row in found]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(fields=sessions, marks=highlights, filed=st.booleans())
def test_any_session_comes_back(
    owner: User, fields: dict[str, Any], marks: list[dict[str, Any]], filed: bool
) -> None:
    campaign = make_campaign(owner, "Lamps") if filed else None
    session = Session.objects.create(owner=owner, campaign=campaign, **fields)
    for mark in marks:
        Highlight.objects.create(session=session, **mark)
    before = rows()
    data = exported(Session.objects.get())
    Session.objects.all().delete()
    bring_in(owner, data)
    after = rows()
    if fields["metrics"] is None:  # they are computed
        for row in (before[0], after[0]):
            del row["metrics"]
    assert after == before
    Session.objects.all().delete()


@real_sessions.needs_sessions
def test_real_evenings_come_back(owner: User) -> None:
    campaign = make_campaign(owner, "Real")
    for number, (name, lines) in enumerate(list(real_sessions.sessions().items())[:4]):
        session = Session(owner=owner, campaign=campaign, name=name, notes=name)
        data = "".join(lines) if number % 2 else json.dumps(as_job(lines))
        put_transcript(session, read_transcript(data.encode()))
        session.save()
    before, archive = rows(), archive_of(campaign)
    Session.objects.all().delete()
    campaign.delete()
    bring_in(owner, archive, "Real.zip")
    assert rows() == before


def as_job(lines: list[str]) -> dict[str, Any]:
    """Return an evening in the form of Amazon Transcribe: a line takes a second."""
    return job(
        audio_segments=[
            audio_segment(line.partition(": ")[2].strip(), f"{n}.0", f"{n}.9")
            for n, line in enumerate(lines)
        ]
    )
