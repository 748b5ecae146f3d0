"""Real sessions and real output of Amazon Transcribe, where they lie beside the project."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.support.paths import SHARED

DATA = SHARED / "data"
SESSIONS = DATA / "crd3-campaign1.jsonl.gz"

needs_sessions = pytest.mark.skipif(
    not SESSIONS.exists(), reason=f"no {SESSIONS.name} beside the project"
)


def sessions() -> dict[str, list[str]]:
    """Return the lines, ``NAME: words``, of each evening by its name."""
    with gzip.open(SESSIONS, "rt", encoding="utf-8") as lines:
        evenings = [json.loads(line) for line in lines]
    return {
        f"{evening['campaign']} episode {evening['episode']:03d}": [
            f"{' and '.join(turn['speakers'])}: {turn['text']}\n" for turn in evening["turns"]
        ]
        for evening in evenings
    }
