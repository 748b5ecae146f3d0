"""Schedules as text: ``edits | p*2 w1*6 w1:late``."""

from __future__ import annotations

from itertools import groupby

Schedule = tuple[str, ...]


def to_text(scenario: str, schedule: Schedule) -> str:
    """Return the short form of a schedule, which ``from_text`` reads."""
    runs = [(choice, len(list(run))) for choice, run in groupby(schedule)]
    steps = " ".join(choice if count == 1 else f"{choice}*{count}" for choice, count in runs)
    return f"{scenario} | {steps}"


def from_text(text: str) -> tuple[str, Schedule]:
    """Return the scenario and the choices of ``to_text``."""
    scenario, _, steps = text.partition("|")
    choices: list[str] = []
    for step in steps.split():
        choice, _, count = step.partition("*")
        choices += [choice] * int(count or 1)
    return scenario.strip(), tuple(choices)
