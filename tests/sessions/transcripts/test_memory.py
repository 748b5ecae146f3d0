"""No file makes a worker need more than 300 MB, and a long evening is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.paths import PROJECT

MOST = 300  # MB
WORDS = 100_000

# Reads a file as an upload does, and then its turns as a page does.
READ = """
import sys
import django
django.setup()
from sessions_app.models import Session
from sessions_app.transcripts import TranscriptError, put_transcript, read_transcript, turns
try:
    session = Session()
    put_transcript(session, read_transcript(open(sys.argv[1], "rb").read(), sys.argv[1]))
    found = turns(session)
    result = f"{session.metrics['totalWordCount']} words, {len(found)} turns"
except TranscriptError as error:
    result = str(error)
# Not ru_maxrss: at first it is that of the process which started this one.
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if "VmHWM" in line))
print(result)
"""


def items(words: int) -> Iterator[str]:
    """Write words as Amazon Transcribe does, 285 bytes each."""
    for n in range(words):
        spoken = {
            "id": n,
            "type": "pronunciation",
            "alternatives": [{"confidence": f"0.{n % 997:03}", "content": f"word{n % 9973}"}],
            "start_time": f"{n / 3:.3f}",
            "end_time": f"{(n + 1) / 3:.3f}",
            "speaker_label": f"spk_{n // 20 % 6}",
        }
        yield json.dumps(spoken)


def evening(indent: str) -> str:
    listed = f",{indent}".join(items(WORDS))
    text = "word " * WORDS
    return (
        '{"jobName": "evening", "status": "COMPLETED", "results": {"transcripts": '
        f'[{{"transcript": "{text}"}}], "items": [{listed}]}}}}'
    )


def wide(indent: str) -> str:
    """With one emoji, Python needs four bytes for each character of a text."""
    return evening(indent).replace('"word7"', '"🐉"')


FILES: dict[str, tuple[Callable[[], str], str]] = {
    "an evening with spaces and emoji": (lambda: wide(" " * 250), f"{WORDS - 11} words"),
    "empty objects": (lambda: "[" + "{}," * 3_300_000 + "{}]", "is too long"),
    "empty items": (
        lambda: '{"results":{"items":[' + '{"alternatives":[{"content":""}]},' * 410_000 + "7]}}",
        "items[410000] is not an object",
    ),
    "text": (lambda: "🐉 MATT: a\n" * 190_000 + "x" * 7_000_000, "words"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_worker_stays_below_300_mb(name: str, tmp_path: Path) -> None:
    write, expected = FILES[name]
    file = tmp_path / ("log.txt" if name == "text" else "log.json")
    file.write_text(write(), encoding="utf-8")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    run = subprocess.run(
        [sys.executable, "-c", READ, str(file)],
        cwd=PROJECT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    megabytes, result = run.stdout.splitlines()
    assert expected in result
    assert int(megabytes) < MOST
