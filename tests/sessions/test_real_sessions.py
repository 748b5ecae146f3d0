"""Real sessions are imported and mirrored, and both stores are compared with PostgreSQL.

They are six; in ``make soak``, all 58.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from mirror.stores.clients import Stores
from sessions_app.models import Session
from tests.support import real_sessions, soak
from tests.support.stored import assert_equal_after_sync, item_of, objects


@pytest.mark.timeout(400)  # 58 evenings take a minute, more on a busy machine
@real_sessions.needs_sessions
def test_real_sessions_are_imported_unchanged_and_mirrored_complete(
    mirror: Stores, owner: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = list(real_sessions.sessions().items())
    texts = {name: "".join(lines) for name, lines in found[:: 1 if soak.EXAMPLES else 10]}
    files = [tmp_path / f"{name.replace(' ', '_')}.txt" for name in texts]
    for file, text in zip(files, texts.values(), strict=True):
        file.write_text(text, encoding="utf-8")

    command = ("import_transcripts", "--owner", owner.username, "--campaign", "Campaign 1")
    call_command(*command, *files)
    assert f"{len(texts)} sessions imported" in capsys.readouterr().out
    assert_equal_after_sync(mirror)

    sessions = Session.objects.all()
    assert {session.name: session.transcript_text for session in sessions} == texts
    bodies = objects(mirror)
    for session in sessions:
        body = json.loads(bodies[item_of(mirror, session.pk)["transcriptStorageKey"]])
        assert body["transcriptText"] == session.transcript_text
        assert len(session.transcript_text) > 100_000
        metrics: Any = session.metrics
        shares = metrics["speakerDistribution"]
        assert sum(share["words"] for share in shares.values()) == metrics["totalWordCount"]
        assert shares["MATT"]["words"] > 1000
    call_command(*command, *files)
    assert f"0 sessions imported (0 words), {len(texts)} skipped." in capsys.readouterr().out
