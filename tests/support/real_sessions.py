"""Real transcripts and real output of Amazon Transcribe, on machines that have them."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.support.paths import SHARED

DATA = SHARED / "data"
SESSIONS = DATA / "crd3-campaign1.jsonl.gz"

needs_sessions = pytest.mark.skipif(not SESSIONS.exists(), reason=f"{SESSIONS} does not exist")


def sessions() -> dict[str, list[str]]:
    """Return the lines, ``NAME: words``, of each session by its name."""
    with gzip.open(SESSIONS, "rt", encoding="utf-8") as lines:
        episodes = [json.loads(line) for line in lines]
    return {
        f"{episode['campaign']} episode {episode['episode']:03d}": [
            f"{' and '.join(turn['speakers'])}: {turn['text']}\n" for turn in episode["turns"]
        ]
        for episode in episodes
    }
