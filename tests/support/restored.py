"""What a restore says of one model."""

from __future__ import annotations

from mirror.restore.counts import RestoreCounts


def of_sessions(tallies: list[RestoreCounts]) -> RestoreCounts:
    """Return what a restore says of the sessions."""
    (tally,) = (tally for tally in tallies if tally.label == "sessions_app.session")
    return tally
