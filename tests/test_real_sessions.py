"""Fifty-eight real play sessions, imported, mirrored, and proven equal."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from mirror.sinks import Sinks
from sessions_app.models import Session
from tests.stores import assert_equal_after_sync, item_of, transcript_of

REAL = Path(__file__).parents[2] / "shared" / "data" / "crd3-campaign1.jsonl.gz"


@pytest.mark.skipif(not REAL.exists(), reason="the real sessions are not beside the project")
def test_the_real_sessions_are_mirrored_whole(mirror: Sinks, owner: User, tmp_path: Path) -> None:
    files = []
    with gzip.open(REAL, "rt", encoding="utf-8") as lines:
        for line in lines:
            session = json.loads(line)
            turns = [f"{' and '.join(t['speakers'])}: {t['text']}" for t in session["turns"]]
            path = tmp_path / f"campaign_1_episode_{session['episode']}.txt"
            path.write_text("\n".join(turns), encoding="utf-8")
            files.append(path)
    assert len(files) == 58

    call_command(
        "import_transcripts",
        "--owner",
        owner.username,
        "--campaign",
        "Campaign 1",
        *files,
        verbosity=0,
    )
    assert_equal_after_sync(mirror)

    for session in Session.objects.iterator():
        body = transcript_of(mirror, item_of(mirror, session.pk))
        assert body["transcriptText"] == session.transcript_text
        assert len(session.transcript_text) > 100_000
