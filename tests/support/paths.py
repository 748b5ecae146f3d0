"""The folders of the project and of its test data."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT.parent / "shared"  # real transcripts, on machines that have them
