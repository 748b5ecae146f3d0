"""58 real sessions are imported and mirrored, and both stores are compared with PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from mirror.stores.clients import Stores
from sessions_app.models import Session
from tests.support import real_sessions
from tests.support.stored import assert_equal_after_sync, item_of, transcript_of


@pytest.mark.timeout(400)  # 58 evenings: a minute, more on a busy machine
@real_sessions.needs_sessions
def test_real_sessions_are_mirrored_complete(mirror: Stores, owner: User, tmp_path: Path) -> None:
    files = []
    for name, lines in real_sessions.sessions().items():
        files.append(tmp_path / f"{name}.txt")
        files[-1].write_text("".join(lines), encoding="utf-8")

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

    assert Session.objects.count() == 58
    for session in Session.objects.iterator():
        body = transcript_of(mirror, item_of(mirror, session.pk))
        assert body["transcriptText"] == session.transcript_text
        assert len(session.transcript_text) > 100_000
