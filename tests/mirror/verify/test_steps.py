"""Each step that the verdict proposes has a section in the runbook, with the same command."""

from __future__ import annotations

import re

import pytest

from mirror.verify import steps
from mirror.verify.steps import Step

STEPS = {name: step for name, step in vars(steps).items() if isinstance(step, Step)}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_the_runbook_has_each_step(step: Step) -> None:
    text = steps.RUNBOOK.read_text()
    chapter = text.partition("\n## The verdict\n")[2].partition("\n## ")[0]
    table, *sections = re.split("\n### ", chapter)
    (section,) = (one for one in sections if one.startswith(f"{step.section}\n"))
    assert step.command in section
    assert f"[{step.section}](#{step.anchor})" in table
    assert len(sections) == len(STEPS)
