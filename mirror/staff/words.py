"""Runs of the check in words."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.text import get_text_list

from mirror.formats import duration, number
from mirror.models import CheckRun, Outage
from mirror.models.gauges import MOST
from mirror.verify.findings import by_kind
from mirror.verify.report import Figures
from mirror.verify.verdict import EQUAL, NO_CHECK, TOO_MUCH

TONES = {EQUAL: "good", TOO_MUCH: "bad", NO_CHECK: "quiet"}


def tone(state: str) -> str:
    """Return which of the pages' tones a state of a day has."""
    return TONES.get(state, "unsure")


def scope(run: CheckRun) -> str:
    """Say what was compared, such as ``complete, every object read``."""
    parts = ["complete" if run.complete else "a sample"]
    if run.deep:
        parts.append("every object read")
    if run.shares > 1:
        parts.append(f"shared by {run.shares} machines")
    return ", ".join(parts)


def nothing_found(run: CheckRun) -> str:
    """Say of a run without differences how far that goes: what is pending is not compared."""
    return f"{number(run.pending)} pending, not compared" if run.pending else "no differences"


def sentences(run: CheckRun) -> Iterator[str]:
    """Tell what a run was and what it found."""
    figures = Figures.of(run)
    what = [_count(run.expected, "row", "rows")]
    if figures.orphans:
        what.append(_count(figures.orphans, "orphan", "orphans"))
    yield f"{scope(run).capitalize()}: {get_text_list(what, 'and')}, in {duration(run.seconds)}."
    if run.repaired_count:
        found = _count(run.repaired_count, "difference", "differences")
        yield (
            f"A first comparison found {found}, which --repair tried to repair. The figures are "
            "those of the comparison afterwards."
        )
    yield f"{figures}."
    if kinds := by_kind(run.counts):
        yield f"Found: {kinds}."
    if run.parked:
        yield f"{_count(run.parked, 'row was', 'rows were')} parked."


def _count(count: int, one: str, many: str) -> str:
    return f"{number(count)} {one if count == 1 else many}"


def lasted(outage: Outage) -> str:
    """Say how long an outage was; empty while it is open."""
    return duration(outage.ended_at - outage.started_at) if outage.ended_at else ""


def waiting(outage: Outage) -> str:
    """Say how many changes were pending at its end; empty if nobody counted them."""
    if outage.waiting is None:
        return ""
    at_least = "at least " if outage.waiting >= MOST else ""
    return at_least + _count(outage.waiting, "change", "changes")


def caught_up(outage: Outage) -> str:
    """Say how long after its end these were mirrored; empty while they are not."""
    if outage.equal_at is None or outage.ended_at is None:
        return ""
    return duration(outage.equal_at - outage.ended_at)
